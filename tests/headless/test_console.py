"""What is written to a terminal while something is awaited."""

import sys

import pytest

from nnviz.headless.console import note, passing


def test_a_passing_line_leaves_nothing_behind_even_when_what_it_waited_for_fails(capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    seen = []

    def fail():
        with passing("opening \x1b[31mpets"):
            seen.append(capsys.readouterr().err)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert seen == ["opening �[31mpets"]
    assert capsys.readouterr().err == f"\r{' ' * len(seen[0])}\r"


def test_only_a_terminal_gets_a_passing_line(capsys):
    with passing("opening pets"):
        pass
    assert capsys.readouterr().err == ""


def test_a_line_that_is_too_long_to_be_read_loses_its_middle(capsys):
    note(f"{'x' * 9000}: cannot be read")
    told = capsys.readouterr().err
    assert len(told) < 2000
    assert told.startswith("nnviz: xxx")
    assert told.endswith("xxx: cannot be read\n")
