"""A command in this process: what it says, and how it ends."""

import sys
from collections.abc import Callable

import pytest

from nnviz.cli import main

Told = tuple[int, str, str]
Command = Callable[..., Told]


def in_this_process(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Command:
    """Runs a command with its arguments: exit code, stdout, stderr."""

    def run(*arguments: object) -> Told:
        monkeypatch.setattr(sys, "argv", ["nnviz", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        code = ended.value.code
        return (code if isinstance(code, int) else 0, *capfd.readouterr())

    return run
