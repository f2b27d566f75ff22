"""`python -m bot` is the command `jiegeng`."""

from bot.cli import main

main()
