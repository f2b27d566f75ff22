"""接梗 · Jiegeng: a comment robot that reads the room before it jokes."""

__version__ = "0.1.0"
