"""What is written to a terminal while something is awaited."""

import pytest

from nnviz.headless.console import passing


def test_a_passing_line_leaves_nothing_behind_even_when_what_it_waited_for_fails(capsys):
    seen = []

    def fail():
        with passing("opening \x1b[31mpets"):
            seen.append(capsys.readouterr().err)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert seen == ["opening �[31mpets"]
    assert capsys.readouterr().err == f"\r{' ' * len(seen[0])}\r"
