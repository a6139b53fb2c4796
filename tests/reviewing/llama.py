"""Real llama.cpp servers, found and started: llama.cpp's own, and the one of llama-cpp-python."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path

import httpx
import pytest

from tests.ports import free_port
from tests.reviewing import tiny_gguf

START_SECONDS = 300.0


class Kind(StrEnum):
    """Whose server it is."""

    ITSELF = "llama-server"
    PYTHON = "llama_cpp.server"


def command(kind: Kind) -> list[str]:
    """What starts it; skips the test where nothing is installed."""
    if kind is Kind.ITSELF:
        named = os.environ.get("ANSIM_LLAMA_SERVER") or shutil.which("llama-server")
        if not named:
            pytest.skip("no llama-server on the PATH, and ANSIM_LLAMA_SERVER does not name one")
        return [named]
    python = os.environ.get("ANSIM_LLAMA_PYTHON")
    if not python:
        if importlib.util.find_spec("llama_cpp") is None:
            pytest.skip(
                "no llama-cpp-python[server] here, and ANSIM_LLAMA_PYTHON names no interpreter "
                "that has it"
            )
        python = sys.executable
    return [python, "-m", "llama_cpp.server"]


class Server:
    """One server, one model, one port; it can be frozen, killed and started again."""

    def __init__(
        self, kind: Kind, folder: Path, model: Path, context: int = tiny_gguf.CONTEXT, key: str = ""
    ) -> None:
        self.kind = kind
        port = free_port()
        self.base = f"http://127.0.0.1:{port}"
        self.url = f"{self.base}/v1/chat/completions"
        self._log = folder / "server.log"
        self._command = [*command(kind), "--model", str(model), "--host", "127.0.0.1"]
        self._command += ["--port", str(port)]
        self._command += ["-c" if kind is Kind.ITSELF else "--n_ctx", str(context)]
        # Threads of so small a model only wait for one another, and do so in circles.
        self._command += ["-t", "1"] if kind is Kind.ITSELF else ["--n_threads", "1"]
        self._command += [] if kind is Kind.ITSELF else ["--n_threads_batch", "1"]
        if key:
            self._command += ["--api-key" if kind is Kind.ITSELF else "--api_key", key]
        self._headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> str:
        """What the server wrote, to tell why it does not start."""
        return self._log.read_text("utf-8", "replace")

    def start(self) -> None:
        """Starts it and waits until its model is loaded."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log)
        # llama-server lists its models while it loads them, and is healthy afterwards.
        ready = f"{self.base}/{'health' if self.kind is Kind.ITSELF else 'v1/models'}"
        end = time.monotonic() + START_SECONDS
        with httpx.Client(trust_env=False, headers=self._headers, timeout=60) as client:
            while time.monotonic() < end:
                assert self._process.poll() is None, self.log
                try:
                    if client.get(ready).status_code == 200:
                        return
                except httpx.HTTPError:
                    pass
                time.sleep(0.1)
        raise AssertionError(f"{self.kind} does not answer within {START_SECONDS} s: {self.log}")

    def freeze(self) -> None:
        """It hangs: connections are still taken, nothing is answered."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def kill(self) -> None:
        """It dies, whatever it was doing."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        assert self._process.poll() is None, self.log
        self._process.send_signal(number)


@contextmanager
def running(
    kind: Kind, folder: Path, model: Path, *, context: int = tiny_gguf.CONTEXT, key: str = ""
) -> Iterator[Server]:
    """A server that has loaded the model; killed afterwards."""
    server = Server(kind, folder, model, context, key)
    try:
        server.start()
        yield server
    finally:
        if server._process is not None:
            server.kill()
