"""What the net laughs at: a library of memes, recall that knows when to be silent, and the trends of the day."""
