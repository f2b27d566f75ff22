"""What went wrong, named by what happens next.

Trouble
├── Misconfigured   a person has to change something; nothing was started
├── TryLater        surely nothing happened; the same step may be tried again after a pause
├── GiveUp          no later try can help; the episode ends with this reason
└── Unsure          it may have happened; look before doing anything again
"""


class Trouble(Exception):
    """The root of every error that the bot raises on purpose."""


class Misconfigured(Trouble):
    """Something a person wrote does not fit; the message names the place and the remedy."""


class TryLater(Trouble):
    """Surely nothing happened. `after` is the pause in seconds the other side asked for, if it did."""

    def __init__(self, why: str, after: float | None = None) -> None:
        super().__init__(why)
        self.after = after


class GiveUp(Trouble):
    """No later try can help."""


class Unsure(Trouble):
    """The request may or may not have taken effect."""
