"""接梗 · Jiegeng: a comment robot that reads the room before it jokes."""

import os

__version__ = "0.1.0"

# Before anything loads numpy, which reads it once: its linear algebra wakes all cores for sums that one core has done
# sooner (with 10,000 cards a recall took 27 ms of CPU instead of 2), and each sleeping thread keeps memory of its own.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
