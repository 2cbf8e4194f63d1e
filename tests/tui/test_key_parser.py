"""What a terminal sends is understood, whatever came before it."""

from hypothesis import example, given
from hypothesis import strategies as st
from textual import events
from textual.message import Message

from nnviz.tui.key_parser import KeyParser
from tests.hostile_text import HOSTILE, is_whole

ESCAPES = st.text("\x1b[[<>?;:0123456789MmuABRtyI~O$ aé\x00\r", max_size=40)
BEGIN, END = "\x1b[200~", "\x1b[201~"


def keys(messages: list[Message]) -> list[str]:
    return [message.key for message in messages if isinstance(message, events.Key)]


def pastes(messages: list[Message]) -> list[str]:
    return [message.text for message in messages if isinstance(message, events.Paste)]


@given(st.lists(ESCAPES, max_size=5))
@example(["\x1b[:00R"])
@example(["\x1b[7065305762~"])
@example(["\x1b[3;68;57683185u"])
@example([BEGIN + "a"])
@example([BEGIN + "\x1b[:00R"])
@example(["\x1b[20", "0~", "x"])
def test_after_anything_at_all_a_key_is_a_key_again(typed: list[str]) -> None:
    parser = KeyParser()
    for text in typed:
        parser.feed(text)
    if parser.pasting:
        parser.end_paste()
    parser.feed("x" * 40)  # whatever sequence has begun is too long now
    assert keys(parser.feed("n")) == ["n"]


@given(st.integers(0, 12), st.integers(0, 12))
def test_a_paste_in_pieces_is_one_paste(first: int, second: int) -> None:
    parser, text = KeyParser(), f"{BEGIN}q\n{END}n"
    first, second = sorted((first, second))
    messages = [m for piece in (text[:first], text[first:second], text[second:]) for m in parser.feed(piece)]
    assert pastes(messages) == ["q "]
    assert keys(messages) == ["n"]
    assert not parser.pasting


def test_a_paste_without_an_end_ends_where_nothing_more_comes() -> None:
    parser = KeyParser()
    assert keys(parser.feed(f"{BEGIN}abc")) == []
    assert parser.pasting
    assert pastes(parser.end_paste() + parser.feed("n")) == ["abc"]
    assert keys(parser.feed("n")) == ["n"]


def test_what_is_pasted_is_fit_to_be_shown() -> None:
    for text in HOSTILE.values():
        pasted = pastes(KeyParser().feed(f"{BEGIN}{text.replace(chr(27), '')}{END}n"))
        assert pasted
        assert all(map(is_whole, pasted))


def test_the_arrow_in_two_pieces_is_one_key() -> None:
    parser = KeyParser()
    assert keys(parser.feed("\x1b[") + parser.feed("C")) == ["right"]
