"""How far decoding is, on stderr."""

import sys
from types import SimpleNamespace

import pytest

from nnviz.headless.reading_progress import told_reading


@pytest.fixture
def clock():
    """A clock that is set by hand."""
    return SimpleNamespace(now=0.0)


def decode(clock, tell):
    """100 images a second, 1,000 in all."""
    for done in range(50, 1001, 50):
        tell(done, 1000)
        clock.now += 0.5


def test_a_log_gets_a_line_every_few_seconds(clock, capsys):
    with told_reading(cached=True, clock=lambda: clock.now) as reading:
        decode(clock, reading.tell)
    told = capsys.readouterr().err.splitlines()
    assert told == [
        "nnviz: 350 of 1,000 images · 100/s · 6 s left",
        "nnviz: 650 of 1,000 images · 100/s · 4 s left",
        "nnviz: 950 of 1,000 images · 100/s · 0.5 s left",
    ]


def test_a_terminal_gets_a_bar_that_goes_away(clock, capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with told_reading(cached=False, clock=lambda: clock.now) as reading:
        assert not reading.cached
        decode(clock, reading.tell)
    lines = capsys.readouterr().err.split("\r")
    assert "██████░░░░░░  50% 500 of 1,000 images · 100/s · 5 s left\x1b[K" in lines
    assert lines[-1] == "\x1b[K"


@pytest.mark.parametrize("terminal", [False, True])
def test_what_is_opened_at_once_says_nothing(clock, capsys, monkeypatch, terminal):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)
    with told_reading(cached=True, clock=lambda: clock.now) as reading:
        for done in range(1, 1001):
            reading.tell(done, 1000)
            clock.now += 1e-6
    assert capsys.readouterr().err.replace("\r\x1b[K", "") == ""


def test_the_cache_is_used_unless_it_is_refused(tmp_path, monkeypatch):
    import numpy as np
    from PIL import Image

    from nnviz.cli import COMMANDS, application

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for name in ("a", "b"):
        (tmp_path / "set" / name).mkdir(parents=True)
        for i in range(8):
            pixels = np.random.default_rng(i).integers(0, 256, (4, 4, 3), np.uint8)
            Image.fromarray(pixels).save(tmp_path / "set" / name / f"{i}.png")

    def command(*arguments):
        with pytest.raises(SystemExit) as ended:
            application(COMMANDS)(list(map(str, arguments)))
        assert not ended.value.code

    source, run = tmp_path / "set", tmp_path / "run"
    command("train", source, "--steps", 2, "--image-size", 4, "--out", run, "--no-cache")
    command("test", run, "--no-cache")
    command("data", source, "--no-cache")
    command("screenshot", tmp_path / "a.svg", source, "--no-cache")
    assert not (tmp_path / "cache").exists()
    assert "\ncache" not in (run / "experiment.toml").read_text()
    command("test", run)
    assert len(list((tmp_path / "cache").rglob("*.images"))) == 1
