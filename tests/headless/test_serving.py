"""The screen in a browser: a real server, asked as a browser asks it."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import aiohttp
import pytest

from nnviz.headless.serving import without
from nnviz.runs.trained_network import load_run
from tests.waiting import wait_for

Serve = Callable[..., str]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., tuple[subprocess.Popen[str], str]]]:
    """Start a server with some options: its process, and the address that it prints."""
    started: list[subprocess.Popen[str]] = []

    def start(*options: str) -> tuple[subprocess.Popen[str], str]:
        command = [sys.executable, "-m", "nnviz", "serve", "xor", "--out", "kept", "--port", "0", *options]
        process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stdout
        return process, process.stdout.readline().strip()

    yield start
    for process in started:
        with process:
            process.kill()


async def until(page: aiohttp.ClientWebSocketResponse, wanted: str) -> None:
    """Read what is painted until that is."""
    painted = b""
    while wanted.encode() not in painted:
        message = await page.receive()
        assert message.type is aiohttp.WSMsgType.BINARY, (message, painted[-200:])
        painted += message.data


def test_a_page_trains_and_keeps_the_run_when_it_is_closed(serve, tmp_path: Path) -> None:
    process, address = serve("--pages", "1")

    async def visit() -> None:
        async with aiohttp.ClientSession() as browser:
            async with browser.get(address) as page:
                assert page.status == 200
                assert address.removeprefix("http:") in await page.text()
            async with browser.ws_connect(f"{address}ws?width=100&height=30") as page:
                await until(page, "READY")
                await page.send_json(["stdin", "\r"])
                await until(page, "PAUSED")
                async with browser.get(address) as second:
                    assert (second.status, await second.text()) == (
                        503,
                        "1 page may be open at a time, and so many are: close one first\n",
                    )

    asyncio.run(visit())
    wait_for((tmp_path / "kept" / "result.json").exists)
    assert load_run(tmp_path / "kept").step == 1
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate()
    assert process.returncode == 0
    assert errors.splitlines()[1:] == []


def test_who_may_not_come_in_is_told_in_a_line(serve) -> None:
    _, here = serve()
    _, everywhere = serve("--host", "0.0.0.0")
    port, token = everywhere.removeprefix("http://0.0.0.0:").split("/?token=")
    there = f"http://127.0.0.1:{port}/"

    async def asked(address: str, **headers: str) -> int:
        async with (
            aiohttp.ClientSession() as browser,
            browser.get(address, headers={name.capitalize(): value for name, value in headers.items()}) as page,
        ):
            if page.status == 403:
                assert (await page.text()).count("\n") == 1
            return page.status

    async def try_all() -> None:
        name = here.removeprefix("http://").rstrip("/")
        assert await asked(here) == 200
        assert await asked(here, origin=f"http://{name}") == 200
        for path in ("", "ws", "static/"):
            assert await asked(here + path, host="elsewhere.example") == 403
            assert await asked(here + path, origin="http://elsewhere.example") == 403
            assert await asked(there + path) == 403
            assert await asked(f"{there}{path}?token=x{token}") == 403
        assert await asked(f"{there}?token={token}") == 200
        assert await asked(there, cookie=f"nnviz-token={token}") == 200
        assert await asked(there, cookie=f"nnviz-token={token}", origin="http://elsewhere.example") == 403

    asyncio.run(try_all())


@contextmanager
def _taken() -> Iterator[int]:
    import socket

    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


def test_what_cannot_be_served_is_told_before_anybody_asks_for_it(tmp_path: Path) -> None:
    with _taken() as port:
        for options, said in (
            (["nowhere"], "nowhere"),
            (["xor", "--port", str(port)], f"127.0.0.1:{port} cannot be served"),
            (["xor", "--lr", "fast"], "--lr"),
        ):
            command = [sys.executable, "-m", "nnviz", "serve", *options]
            done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
            assert done.returncode == 2
            assert said in done.stderr.splitlines()[-1]


def test_a_page_gets_the_arguments_that_are_not_of_the_server() -> None:
    given = ["xor", "--port", "1", "--lr", "0.1", "--host=x", "--pages", "3", "--light"]
    assert without(given, ("--port", "--host", "--pages")) == ["xor", "--lr", "0.1", "--light"]
