"""Arguments that make no sense, in every command: one line that moves no cursor, and exit code 2."""

import os
import sys
from collections.abc import Callable, Iterator

import pytest
import typer.main

from nnviz.cli import COMMANDS as NAMES
from nnviz.cli import application, main
from tests.hostile_text import HOSTILE, is_whole

# An argument holds no NUL, and some bytes that are no character.
TEXTS = [text.encode(errors="replace").decode().replace("\0", "") for text in HOSTILE.values()]
TEXTS.append(os.fsdecode(b"\xff\x9b2J"))
COMMANDS = typer.main.get_command(application(NAMES)).commands  # type: ignore[attr-defined]

Run = Callable[..., tuple[object, str, str]]


@pytest.fixture
def nnviz(tmp_path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """Run a command in an empty directory, without a terminal: exit code, stdout, stderr."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> tuple[object, str, str]:
        monkeypatch.setattr(sys, "argv", ["nnviz", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        return (ended.value.code, *capfd.readouterr())

    return run


def wrong(command: str, text: str) -> Iterator[list[str]]:
    """Arguments with a text in every place where there can be one, none of which leads to anything."""
    nothing = ["nowhere"] if command != "screenshot" else ["out.svg", "nowhere"]
    yield [command, f"--{text}"]
    yield [command, f"-{text}"]
    yield [command, text, text]
    yield [command, *[text] * 9]
    for parameter in COMMANDS[command].params:
        for option in parameter.opts:
            if option.startswith("-") and not getattr(parameter, "is_flag", False):
                yield [command, option, text, *nothing]
                yield [command, f"{option}={text}", *nothing]
            elif option.startswith("-") and option != "--help":
                yield [command, f"{option}={text}", *nothing]


@pytest.mark.parametrize("command", COMMANDS)
def test_what_makes_no_sense_is_told_in_one_whole_line(nnviz: Run, command: str) -> None:
    for i, text in enumerate(TEXTS):
        for k, arguments in enumerate(wrong(command, text)):
            # Each argument with some of the texts, each text in some of the places.
            if k > 3 and (i + k) % 29:
                continue
            code, out, told = nnviz(*arguments)
            told = told.removeprefix(
                "nnviz: no terminal here to draw on: training without the screen, as 'nnviz train' does\n"
            )
            assert (code, out) == (2, ""), (arguments, told)
            assert told.startswith("nnviz: "), told
            assert told.endswith("\n"), told
            assert is_whole(told[:-1]), (arguments, told)
            assert len(told) < 3000, arguments


def test_a_command_that_is_unknown(nnviz: Run) -> None:
    for text in TEXTS:
        code, _, told = nnviz(text)
        assert code == 2
        assert told.startswith("nnviz: no such command ")
        assert is_whole(told[:-1])


def test_without_a_command_there_is_the_help(nnviz: Run) -> None:
    code, out, told = nnviz()
    assert (code, out) == (2, "")
    assert all(name in told for name in COMMANDS)


def test_a_slip_is_told_with_what_may_have_been_meant(nnviz: Run) -> None:
    assert nnviz("train", "--size", "8") == (
        2,
        "",
        "nnviz: no such option: --size (Possible options: --batch-size, --image-size, --seed); "
        "'nnviz train --help' says what there is\n",
    )
    assert nnviz("test")[2] == "nnviz: missing argument 'RUN'; 'nnviz test --help' says what there is\n"
