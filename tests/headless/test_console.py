"""What is written to a terminal while something is awaited."""

import pytest

from nnviz.headless.console import passing


def test_a_passing_line_leaves_nothing_behind_even_when_what_it_waited_for_fails(capsys):
    with pytest.raises(ZeroDivisionError), passing("opening \x1b[31mpets"):
        before = capsys.readouterr().err
        raise ZeroDivisionError
    assert before == "opening �[31mpets"
    assert capsys.readouterr().err == f"\r{' ' * len(before)}\r"
