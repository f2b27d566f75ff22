"""The commands of `jiegeng`, a file for each kind; `bot/cli.py` gathers them."""
