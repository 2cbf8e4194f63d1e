"""Numbers become text in nnviz/wording.py and nowhere else: the sources are read for it."""

import ast
import re
from collections.abc import Collection, Iterator
from pathlib import Path
from string import Formatter

import pytest

import nnviz

NNVIZ = Path(nnviz.__file__).parent
PLACE = "wording.py"
SIGNIFICANT = re.compile(r"[+,_.]|[bcdeEfFgGnoxX%]$|^0")
"""What the format of a number has, and that of a text which is put to the left or right has not."""
FORMATTERS = {"array2string", "array_repr", "array_str", "format_float_positional", "format_float_scientific"}
ALLOWED: dict[str, set[str]] = {
    # Names of files, in the order of their numbers; and numbers in a table that is written for other programs.
    "data/drawn/pictures.py": {"04", "03", ".4f"},
    "data/drawn/plane.py": {"04"},
    "runs/paths.py": {"09"},
    "tui/terminal_app.py": {"%Y-%m-%d-%H%M%S"},
    # A colour as terminals read it.
    "tui/drawing/colours.py": {"02x"},
    # The notation of networks, which is read again, in a room that imports NumPy alone.
    "nn/notation.py": {","},
    "nn/dropout.py": {"format_float_positional."},
}
"""What is formatted elsewhere, and why."""


def formats(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and format of everything that is formatted in a source."""
    # float(f"{x:.3e}") rounds: what it gives is a number again.
    rounded = [n.args for n in ast.walk(tree) if isinstance(n, ast.Call) and getattr(n.func, "id", "") == "float"]
    numbers_again = {part for arguments in rounded for argument in arguments for part in ast.walk(argument)}
    for node in ast.walk(tree):
        match node:
            case ast.FormattedValue(format_spec=ast.JoinedStr(values=parts)) if node not in numbers_again:
                yield node.lineno, "".join(part.value if isinstance(part, ast.Constant) else "" for part in parts)
            case ast.Call(func=ast.Name(id="format")):
                yield node.lineno, "format."
            case ast.Call(func=ast.Attribute(attr="format", value=ast.Constant(value=str(text)))):
                yield from ((node.lineno, spec or "") for _, _, spec, _ in Formatter().parse(text))
            case ast.Call(func=ast.Attribute(attr=name)) if name in FORMATTERS:
                yield node.lineno, f"{name}."
            case ast.BinOp(op=ast.Mod(), left=ast.Constant(value=str()) | ast.JoinedStr()):
                yield node.lineno, "%"


def numbers_formatted(source: str, allowed: Collection[str] = ()) -> list[int]:
    """The lines of a source in which a number becomes text, in another way than those."""
    found = formats(ast.parse(source))
    return [line for line, spec in found if SIGNIFICANT.search(spec) and spec not in allowed]


def test_numbers_become_text_in_one_place() -> None:
    found = {}
    for path in NNVIZ.rglob("*.py"):
        name = path.relative_to(NNVIZ).as_posix()
        lines = numbers_formatted(path.read_text(encoding="utf-8"), ALLOWED.get(name, ()))
        if lines:
            found[name] = lines
    assert found.pop(PLACE)
    assert not found


@pytest.mark.parametrize(
    "source",
    [
        "f'{x:.3f}'",
        "f'{x:,}'",
        "f'{x:+}'",
        "f'{x:g}'",
        "f'{x:>8.2f}'",
        "f'{x:.{d}e}'",
        "f'{x:03}'",
        "format(x, '.2f')",
        "'{:.2f}'.format(x)",
        "'%d of %d' % (x, y)",
        "np.format_float_positional(x)",
    ],
)
def test_each_way_of_making_text_of_a_number_is_found(source: str) -> None:
    assert numbers_formatted(source) == [1]


@pytest.mark.parametrize("source", ["f'{name:>8}'", "f'{name:{width}}'", "float(f'{x:.3e}')", "x % 3", "f'{x}'"])
def test_what_formats_no_number_is_left_alone(source: str) -> None:
    assert not numbers_formatted(source)


def test_no_exception_outlives_its_reason() -> None:
    for name, allowed in ALLOWED.items():
        found = {spec for _, spec in formats(ast.parse((NNVIZ / name).read_text(encoding="utf-8")))}
        assert allowed <= found, name
