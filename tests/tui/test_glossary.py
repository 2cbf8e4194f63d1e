"""The help page explains every word and sign of every screen that is neither plain English nor outside data."""

import ast
import re
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any, get_args, get_type_hints

import hypothesis
import numpy as np
import pytest
from msgspec.structs import replace
from rich.cells import cell_len
from textual import events
from textual.geometry import Size

import nnviz
from nnviz.data.sources import BUILT_IN, open_source
from nnviz.experiment import Data, Net, Training
from nnviz.frame.focus import Quantity
from nnviz.frame.frame import Frame, State
from nnviz.frame.stages import Phase
from nnviz.headless.description import built_in
from nnviz.nn import notation
from nnviz.nn.losses import Loss
from nnviz.nn.optimizers import Optimizer
from nnviz.nn.outputs import Identity, Logistic, Softmax
from nnviz.remote.messages import PACES
from nnviz.training.curves import only_in_training
from nnviz.tui.drawing.palette import DARK, DARK_16
from nnviz.tui.glossary import GLOSSARY, Entry, found
from nnviz.tui.keys import KEYS
from nnviz.tui.layouts import SMALLEST, TABBED, arrange
from nnviz.tui.panes.framed_pane import FramedPane
from nnviz.tui.run_keys import CURVE_KEYS, RUN_KEYS
from nnviz.tui.screens.help import TERM, HelpScreen, key_entries
from nnviz.tui.screens.training import PANES
from nnviz.tui.wants import wants_of
from tests.tui import chance
from tests.tui.conftest import Driver, OpenApp

ENTRIES = [entry for group in GLOSSARY.values() for entry in group]
# Plain English, with what is learnt of mathematics at school. Whoever adds a word asks whether a beginner knows it.
PLAIN = frozenset(Path(__file__).with_name("plain_words.txt").read_text(encoding="utf-8").split())
PUNCTUATION, FRAME = frozenset(".,:;()[]'\"!?-’“”"), frozenset("─│╭╮╰╯")
# Of the built-in data that are opened here.
NAMES_OF_DATA = frozenset({"cat", "cats", "dog", "dogs", "dutch", "german", "italian", "pets", "spanish", "xor"})
# Strings in the code of the screen that are names for Textual, plotext and NumPy.
NOT_SHOWN = frozenset({"_", "{", "|", "}", "awaitable", "bracket", "braille", "colorless", "dim", "dismiss", "hd"})
NOT_SHOWN |= {"heading", "le", "matrix", "maximize", "ox", "question", "slash", "stable", "stopping", "utf"}
NOT_SHOWN |= {
    "\\",
    "exception",
    "markup",
    "h",
    "c",
    "openingprogress",
    "ignore",
    "readout",
    "quiet",
    "unable",
    "pageup",
    "pagedown",
    "written",
    "warning",
    "minutes",
}
# A word that is cut is none.
WORD = re.compile(r"(?<![…A-Za-z])[A-Za-z]+(?![…A-Za-z])")


def words(text: str) -> set[str]:
    return {word.lower() for word in WORD.findall(text)}


def signs(text: str) -> set[str]:
    """What is neither an ASCII letter or digit nor a letter of a script that only data are written in here."""
    shown = {c for c in text if not (c.isascii() and c.isalnum()) and not c.isspace() and c.isprintable()}
    return {c for c in shown if unicodedata.category(c) != "Lo" and c != "🦜"}


NAMED = [
    f"{entry.term} {entry.also}" for entry in [*ENTRIES, *(entry for keys in key_entries().values() for entry in keys)]
]
EXPLAINED = set().union(*map(words, NAMED))
EXPLAINED_SIGNS = set().union(*map(signs, NAMED))


ON_KEYBOARD = {"enter", "space", "tab", "escape", "backspace", "up", "down", "home", "end", "pageup", "pagedown"}


@pytest.mark.parametrize("bindings", [KEYS, RUN_KEYS, CURVE_KEYS], ids=["training", "runs", "curves"])
def test_every_key_stands_in_the_help_as_on_a_keyboard(bindings):
    for entry in (entry for entries in key_entries(bindings).values() for entry in entries):
        assert entry.term, entry
        names = {key.rpartition("+")[2] or key for key in entry.term.split()}
        assert {name for name in names if len(name) > 1} <= ON_KEYBOARD, entry


def is_explained(word: str) -> bool:
    return word in EXPLAINED or word.removesuffix("s") in EXPLAINED


def unexplained(text: str, known: frozenset[str] = frozenset()) -> set[str]:
    strange = {word for word in words(text) - PLAIN if not is_explained(word)}
    return (strange | (signs(text) - EXPLAINED_SIGNS - FRAME - PUNCTUATION)) - known


# What the code says

# What is called so in code alone: classes, modules, variables.
OF_CODE = re.compile(r"_?([A-Z][a-z]+){2,}|[A-Za-z]\w*([._:]\w+)+")


def literals(path: Path) -> Iterator[str]:
    """The strings of a file that may be shown: all but docstrings, style sheets and patterns."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    hidden: set[ast.AST] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Expr(value=ast.Constant()):
                hidden |= set(ast.walk(node))
            case ast.Assign(targets=[ast.Name(id="CSS" | "DEFAULT_CSS" | "CSS_PATH" | "AUTO_FOCUS")]):
                hidden |= set(ast.walk(node))
            case ast.Call(func=ast.Attribute(attr="compile" | "query_one" | "einsum" | "ruler")):
                hidden |= set(ast.walk(node))
    for node in ast.walk(tree):
        is_text = isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in hidden
        if is_text and not OF_CODE.fullmatch(node.value):  # type: ignore[attr-defined]
            yield node.value  # type: ignore[attr-defined]


ROOM = Path(nnviz.__file__).parent
# What the checks say is told by a command, and never on the screen.
FILES = [path for path in (ROOM / "insight").rglob("*.py") if path.parent.name != "checks"]
FILES += [ROOM / "tui" / "keys.py", ROOM / "tui" / "run_keys.py", ROOM / "tui" / "app.py"]
FILES += [ROOM / "tui" / "lesson.py", ROOM / "tui" / "lesson_words.py"]
FILES += [ROOM / "remote" / "client.py", ROOM / "remote" / "opening_progress.py"]
FILES += [path for part in ("panes", "drawing", "screens") for path in (ROOM / "tui" / part).glob("*.py")]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_whatever_the_code_of_the_screen_says_is_explained(path: Path) -> None:
    strange = {text: found for text in literals(path) if (found := unexplained(text, NOT_SHOWN))}
    assert not strange, "belongs into nnviz/tui/glossary.py or, if every beginner knows it, into plain_words.txt"


def kinds(base: type) -> set[str]:
    """What the classes below one are called on screen."""
    below = base.__subclasses__()
    own = {getattr(kind, name) for kind in below for name in ("kind", "name", "word") if hasattr(kind, name)}
    return {text for text in own.union(*map(kinds, below)) if isinstance(text, str)}


def choices(table: type, *names: str) -> Iterator[str]:
    """The words that settings may have."""

    def texts(hint: Any) -> Iterator[str]:
        for argument in get_args(hint):
            yield from [argument] if isinstance(argument, str) else texts(argument)

    for name in names:
        yield from texts(get_type_hints(table)[name])


TECHNICAL = {
    "layers": [*notation._LAYERS, *notation._FOLLOWERS],
    "optimizers": kinds(Optimizer),
    "losses": kinds(Loss),
    "outputs": [Softmax.name, Logistic.name, Identity.name],
    "schedules": ["warm-up", *choices(Training, "schedule")],
    "settings": [*choices(Training, "optimizer"), *choices(Net, "output", "loss"), *choices(Data, "augment")],
    "states": [state.value for state in State],
    "phases": [phase.value for phase in Phase],
    "quantities": [quantity.value for quantity in Quantity],
    "paces": [pace.words for pace in PACES],
    "parameters": ["weights", "biases", "scales", "shifts"],
    "panes": [name for pane in PANES if issubclass(pane, FramedPane) for name in [pane.title] if name.count(" ") < 1],
    "tabs": TABBED,
}


@pytest.mark.parametrize("table", TECHNICAL)
def test_every_word_of_the_field_is_explained_and_not_taken_for_plain_english(table: str) -> None:
    strange = {word for text in TECHNICAL[table] for word in words(text) if not is_explained(word)}
    assert strange <= {"a", "full", "speed"}


def test_what_only_training_has_is_explained() -> None:
    trainer = chance.trainer(Random(3))
    source = ast.parse((ROOM / "training" / "curves.py").read_text(encoding="utf-8"))
    function = next(n for n in ast.walk(source) if isinstance(n, ast.FunctionDef) and n.name == "only_in_training")
    said = [key.value for n in ast.walk(function) if isinstance(n, ast.Dict) for key in n.keys]  # type: ignore[union-attr]
    assert set(only_in_training(trainer)) <= set(said)
    assert said
    for text in said:
        assert not unexplained(text)


# What is painted


@pytest.fixture
def of_other_scripts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names and texts of data are Korean, so that whatever is written in Latin letters is nnviz's own."""
    korean = [chr(0xAC00 + k) for k in range(1000)]
    monkeypatch.setattr(chance, "NAMES", (lambda k: korean[k], lambda k: 6 * korean[7] + korean[k]))
    monkeypatch.setattr(chance, "WORDS", ("가나", "다", "라마바", "四"))
    monkeypatch.setattr(hypothesis, "note", lambda _: None)
    monkeypatch.setattr(chance, "note", lambda _: None)


def painted(frame: Frame, size: Size, random: Random) -> Iterator[tuple[str, str]]:
    body = Size(size.width, size.height - 3)
    palette = random.choice([DARK, DARK_16, replace(DARK, system=None)])
    for tab in TABBED:
        alone = random.choice([None, None, tab])
        regions = arrange(body, wants_of(frame), tab, alone)
        for pane in (kind() for kind in PANES):
            pane.palette, name = palette, str(pane.id)
            if name == "example" and frame.surface is not None and palette.colourless:
                continue  # letters stand for classes
            if not isinstance(pane, FramedPane):
                yield from ((name, strip.text) for strip in pane.draw(frame, size.width, 1))
            elif name in regions:
                width, height = (side - 2 for side in regions[name].size)
                yield from ((name, text) for text in pane.caption(frame, width, height))
                yield from ((name, strip.text) for strip in pane.draw(frame, width, height))


@pytest.mark.usefixtures("of_other_scripts")
@pytest.mark.parametrize("seed", range(8))
def test_whatever_panes_paint_is_explained(seed: int) -> None:
    random = Random(seed)
    for _ in range(4):
        frame = chance.frame(random)
        frame = replace(frame, title=replace(frame.title, dataset="데이터"))
        size = random.choice([SMALLEST, Size(80, 24), Size(120, 40), Size(200, 50)])
        with np.errstate(all="ignore"):
            for pane, text in painted(frame, size, random):
                assert not unexplained(text), (pane, text)


def top(driver: Driver) -> str:
    """What is on screen, without words that are cut at its end or by a page over it."""
    lines = driver.text().splitlines()
    for page in driver.app.screen.query("#page"):
        lines = [line[page.region.x : page.region.right] for line in lines[page.region.y : page.region.bottom]]
    return re.sub(r"\w+$", "", "\n".join(lines))


@pytest.mark.parametrize("size", [(60, 16), (120, 40)], ids=lambda size: f"{size[0]}x{size[1]}")
async def test_whatever_the_app_shows_is_explained(open_app: OpenApp, size: tuple[int, int]) -> None:
    async with open_app(size) as driver:
        for key in ("b", "2", "3", "4", "e", "t", "escape", "question_mark"):
            await driver.press(key)
            assert not unexplained(top(driver), NAMES_OF_DATA), key


def test_notices_of_the_data_are_plain() -> None:
    known = NAMES_OF_DATA | set(BUILT_IN)
    assert not {told["name"]: found for told in built_in() if (found := unexplained(told["notice"], known))}


KOREAN = "가나"


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("다;라;마;바", lambda i: f"{'' if i % 7 == 0 else i / 3};{i};{KOREAN[i % 2]};{i * 2.5}"),
        ("다,라,class", lambda i: f"{i % 5} kg,{i % 3},{'' if i == 5 else KOREAN[i % 2]}" if i != 70 else "나,라"),
        ("다,라,split,마", lambda i: f"{i % 4},{1.7e12 + i},{'test' if i % 5 else 'train'},{i % 9 * 1.5}"),
        ("text,label", lambda i: f"가나 다라 {i} 마바 {i % 7} 사아,{i % 2}"),
    ],
    ids=["blanks", "units", "splits", "texts"],
)
def test_how_a_table_was_read_is_told_in_words_that_are_explained(
    tmp_path: Path, header: str, row: Callable[[int], str]
) -> None:
    (tmp_path / "표.csv").write_text("\n".join([header, *map(row, range(80)), ""]), encoding="utf-8")
    dataset = open_source(Data(source=str(tmp_path / "표.csv")), np.random.default_rng(0))
    assert dataset.caveats
    for told in dataset.caveats:
        assert not unexplained(told, frozenset({"kg"})), told


# The page


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.term)
def test_an_explanation_has_only_words_that_are_plain_or_explained(entry: Entry) -> None:
    assert not unexplained(entry.meaning, NAMES_OF_DATA)
    assert cell_len(entry.term) <= TERM + 2
    assert cell_len(entry.meaning) <= 90


def test_plain_words_are_not_explained_besides() -> None:
    assert not {word for word in PLAIN if word in EXPLAINED}
    assert len({entry.term for entry in ENTRIES}) == len(ENTRIES)
    assert not any(map(unexplained, GLOSSARY))


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.term)
def test_whoever_looks_for_a_word_or_a_sign_finds_it_first(entry: Entry) -> None:
    for sought in entry.term.split(","):
        ranked = found(ENTRIES, sought)
        assert entry in ranked[:8], sought


@pytest.mark.parametrize(
    ("sought", "term"),
    [
        ("lr", "learning rate, lr"),
        ("Learning rate", "learning rate, lr"),
        ("ΔW", "update Δw, ΔW"),
        ("∂L/∂z", "∂L/∂z"),
        ("derivative", "∂"),
        ("⢿", "⠤⠒⠊ (network)"),
        ("▏", "█▌ bars"),
        ("⊖", "⊕ ⊖"),
        ("held out", "validation, val"),
        ("MSE", "mean squared error"),
        ("batch normalisation", "batchnorm"),
    ],
)
def test_what_a_student_would_look_for_is_found(sought: str, term: str) -> None:
    assert term in [entry.term for entry in found(ENTRIES, sought)[:3]]


@pytest.mark.parametrize("size", [(60, 16), (80, 24)], ids=lambda size: f"{size[0]}x{size[1]}")
async def test_the_page_can_be_read_to_its_end_and_nothing_is_cut(open_app: OpenApp, size: tuple[int, int]) -> None:
    async with open_app(size) as driver:
        await driver.press("question_mark")
        rows = driver.app.screen.query_one("#rows")
        seen = []
        while True:
            seen.append(driver.text())
            if rows.scroll_offset.y >= rows.max_scroll_y:
                break
            rows.scroll_to(y=rows.scroll_offset.y + rows.size.height, animate=False)
            await driver.pilot.pause()
        shown = set(" ".join(seen).replace("│", " ").split())
        for entry in [*ENTRIES, *(Entry("?", binding.tooltip) for binding in KEYS)]:
            assert set(f"{entry.term} {entry.meaning}".split()) <= shown | {"│"}, entry


async def test_the_page_can_be_had_over_the_scores_too(open_app: OpenApp) -> None:
    async with open_app((80, 24)) as driver:
        await driver.press("t", "question_mark")
        assert isinstance(driver.app.screen, HelpScreen)
        await driver.press("q")
        assert "Test on unseen examples" in driver.text()


async def test_something_is_found_and_escape_leads_back(open_app: OpenApp) -> None:
    async with open_app((80, 24)) as driver:
        await driver.press("question_mark", "slash", "q")
        driver.app.post_message(events.Paste("qq"))
        await driver.until_shown("Nothing is called so")
        await driver.press("escape", "slash")
        driver.app.post_message(events.Paste("plateau"))
        await driver.until_shown("the rate drops when")
        assert "One whole training step" not in driver.text()
        await driver.press("enter", "escape")
        assert "One whole training step" in driver.text()
        await driver.press("escape")
        assert not isinstance(driver.app.screen, HelpScreen)


def test_a_word_and_a_sign_that_nobody_explains_are_seen() -> None:
    assert unexplained("the frobnication of 3 ⚙ units, a cut frobnic…") == {"frobnication", "⚙"}
