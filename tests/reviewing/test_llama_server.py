"""A real llama.cpp server takes our questions: only where ``llama_cpp`` and its server are there
(`pip install 'llama-cpp-python[server]'`), and only with `pytest -m llama`."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from ansim.reviewing import answering
from ansim.reviewing.answering import Refused
from ansim.reviewing.asking import messages
from ansim.reviewing.model import Model
from ansim.reviewing.reviewer import TRANSPORT
from ansim.reviewing.settings import Settings
from ansim.reviewing.values import Refusal
from tests.ports import free_port
from tests.reviewing import tiny_gguf
from tests.reviewing.talk import asked_about

pytestmark = [pytest.mark.llama, pytest.mark.timeout(900)]

START_SECONDS = 120.0


@asynccontextmanager
async def llama(folder: Path) -> AsyncIterator[str]:
    """The server with a model of random numbers; its address."""
    pytest.importorskip("llama_cpp.server")
    model = folder / "random.gguf"
    tiny_gguf.write(model)
    port = free_port()
    log = (folder / "server.log").open("wb")
    server = subprocess.Popen(  # noqa: ASYNC220 - at once, and nothing else runs here
        [
            *(sys.executable, "-m", "llama_cpp.server", "--model", str(model)),
            *("--host", "127.0.0.1", "--port", str(port), "--n_ctx", str(tiny_gguf.CONTEXT)),
        ],
        stdout=log,
        stderr=log,
    )
    address = f"http://127.0.0.1:{port}/v1"
    try:
        async with asyncio.timeout(START_SECONDS), httpx.AsyncClient(trust_env=False) as client:
            while True:
                assert server.poll() is None, (folder / "server.log").read_text("utf-8", "replace")
                try:
                    if (await client.get(f"{address}/models")).status_code == 200:
                        break
                except httpx.HTTPError:
                    pass
                await asyncio.sleep(0.2)
        yield f"{address}/chat/completions"
    finally:
        server.terminate()
        server.wait(30)
        log.close()


async def test_a_real_server_takes_the_question_and_its_answer_is_read(tmp_path: Path) -> None:
    """Random numbers say nothing that passes: what counts is that every end is one of the model's
    words, and none of the connection or the protocol."""
    room = asked_about()
    async with llama(tmp_path) as address:
        model = Model(Settings(url=address, model="random", timeout=600.0))
        try:
            with pytest.raises(Refused) as end:
                answering.read(await model.ask(messages(room)), room)
        finally:
            await model.close()
    of_the_server = TRANSPORT - {Refusal.CUT_OFF}  # random words end when there is no more room
    assert end.value.code not in of_the_server
