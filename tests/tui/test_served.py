"""The screen in a browser: nnviz as textual-serve starts it and talks to it, through pipes and without a terminal."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from nnviz.runs.trained_network import load_run

# What textual-serve 1.1 sets, for a page of 100×30 cells.
ENVIRONMENT = {
    "TEXTUAL_DRIVER": "textual.drivers.web_driver:WebDriver",
    "TEXTUAL_FPS": "60",
    "TEXTUAL_COLOR_SYSTEM": "truecolor",
    "TERM_PROGRAM": "textual",
    "COLUMNS": "100",
    "ROWS": "30",
}


class Served:
    """A run whose screen a server shows: packets go in, packets come out."""

    def __init__(self, folder: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "nnviz", "run", "xor", "--out", "kept"],
            cwd=folder,
            env={**os.environ, **ENVIRONMENT},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert self.process.stdin
        assert self.process.stdout
        self.put, self.out = self.process.stdin, self.process.stdout

    def send(self, kind: bytes, payload: bytes) -> None:
        """Send a packet: D is what is typed, M what the server has to say."""
        self.put.write(kind + len(payload).to_bytes(4, "big") + payload)
        self.put.flush()

    def packets(self) -> Iterator[tuple[bytes, bytes]]:
        """What comes from now on, until nothing more does."""
        while kind := self.out.read(1):
            size = int.from_bytes(self.out.read(4), "big")
            yield kind, self.out.read(size)

    def until(self, wanted: str) -> str:
        """What is painted until that is."""
        painted = ""
        for kind, payload in self.packets():
            assert kind == b"D"
            painted += payload.decode()
            if wanted in painted:
                return painted
        raise AssertionError(f"no {wanted!r} in {painted[-300:]!r}")


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """A page that has been opened, on which one step has been trained."""
    served = Served(tmp_path)
    try:
        assert served.out.readline() == b"__GANGLION__\n", "it comes first, and says that a screen follows"
        served.until("READY")
        served.send(b"D", b"\r")
        served.until("PAUSED")
        yield served
    finally:
        served.process.kill()
        for stream in (served.put, served.out, served.process.stderr):
            assert stream
            stream.close()
        served.process.wait()


def close_page(served: Served) -> None:
    served.send(b"M", json.dumps({"type": "quit"}).encode())


LEAVING: dict[str, tuple[Callable[[Served], None], int]] = {
    "q": (lambda served: served.send(b"D", b"q"), 0),
    "ctrl+c": (lambda served: served.send(b"D", b"\x03"), 0),
    "the page is closed": (close_page, 0),
    "the server is gone": (lambda served: served.put.close(), 0),
    "a signal": (lambda served: served.process.send_signal(signal.SIGTERM), 130),
}


@pytest.mark.parametrize("way", LEAVING)
def test_whatever_ends_it_the_run_is_kept_and_told_and_nothing_is_left(
    served: Served, tmp_path: Path, way: str
) -> None:
    leave, code = LEAVING[way]
    processes = psutil.Process(served.process.pid).children(recursive=True)
    assert processes
    leave(served)
    *_, last = served.packets()
    assert last == (b"M", b'{"type": "exit"}')
    assert served.process.stderr
    told = served.process.stderr.read().decode()
    assert served.process.wait() == code
    assert "kept in kept" in told
    assert "\x1b" not in told
    assert load_run(tmp_path / "kept").step == 1
    _, alive = psutil.wait_procs(processes)
    assert not alive


def test_the_page_may_change_its_size_and_gets_pictures_of_the_screen(served: Served) -> None:
    served.send(b"M", json.dumps({"type": "resize", "width": 59, "height": 16}).encode())
    served.until("nnviz needs 60×16, this is 59×16")
    served.send(b"D", b"s")
    _, payload = next(packet for packet in served.packets() if packet[0] == b"M")
    delivered = json.loads(payload)
    assert delivered["type"] == "deliver_file_start"
    assert Path(delivered["path"]).name.startswith("nnviz-")


def test_a_server_that_is_gone_and_reads_nothing_ends_it_too(served: Served, tmp_path: Path) -> None:
    served.send(b"D", b" ")
    served.until("RUNNING")
    served.out.close()
    served.put.close()
    served.process.wait()
    assert load_run(tmp_path / "kept").step > 1
