"""Names that are cut are as short as they are to be, and differ; outside text moves no cursor."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from nnviz.outside_text import MOST_MARKS, apart, cut, pieces, printable, shown_names
from tests.hostile_text import CONTROLS, HOSTILE, TURNS, is_whole


def test_what_fits_is_left_alone_and_what_is_too_long_loses_its_middle() -> None:
    assert cut("shirt", 5) == "shirt"
    assert cut("n02085620-Chihuahua", 10) == "n020…uahua"
    assert cut("長い名前の動物の写真", 10) == "長い…写真"
    assert cut("cafe\u0301s", 3) == "c…s"
    assert cut("shirt", 1) == "…"
    assert cut("shirt", 0) == ""


def test_names_that_begin_differently_lose_their_ends() -> None:
    assert apart(("Portuguese", "Norwegian", "cat"), 6) == ("Portu…", "Norwe…", "cat")
    assert apart(("class 1 of all", "class 2 of all"), 10) == ("…1 of all", "…2 of all")
    assert apart(("n02085620-Chihuahua", "n02085782-papillon"), 12) == ("n0208…huahua", "n0208…pillon")


def test_names_that_are_alike_at_both_ends_are_shown_from_where_they_differ() -> None:
    names = ("n02088094-Afghan_hound", "n02088238-basset_hound", "n02090622-borzoi")
    assert apart(names, 9) == ("…094-Afg…", "…238-bas…", "n020…rzoi")


def test_three_hundred_names_that_differ_in_a_number_stay_apart() -> None:
    names = tuple(f"a very long class name {number} of the same kind" for number in range(300))
    assert len(set(apart(names, 8))) == 300


@given(st.sets(st.text("ab写é\u0301 ", max_size=30)), st.integers(1, 20))
def test_no_name_is_wider_than_it_is_to_be(names: set[str], width: int) -> None:
    assert all(cell_len(shown) <= width for shown in apart(tuple(sorted(names)), width))


hostile = st.one_of(st.text(max_size=30), st.sampled_from(list(HOSTILE.values())), st.text("".join(HOSTILE.values())))


@given(hostile)
def test_what_is_shown_of_an_outside_text_is_one_line_as_wide_as_it_is_counted(text: str) -> None:
    shown = printable(text)
    assert is_whole(shown)
    assert printable(shown) == shown
    assert len(pieces(text)) == len(text)
    assert "".join(pieces(text)) == shown


@pytest.mark.parametrize("text", ["café", "cafe\u0301", "Việt", "長い名前", "👍", "שלום", "नमस्ते", "∂L/∂w − 1", "a  b"])
def test_ordinary_writing_is_shown_as_it_is(text: str) -> None:
    assert printable(text) == text


def test_what_a_terminal_would_obey_is_shown_as_a_sign_and_blanks_as_spaces() -> None:
    for character in CONTROLS + TURNS + "\ue000\u0378\ufffe\ud800":
        assert printable(f"a{character}b") == ("a b" if character.isspace() else "a�b"), hex(ord(character))
    assert printable("a\u00a0b\u3000c\u2028d") == "a b c d"


def test_accents_stay_on_their_letters_and_do_not_pile_up() -> None:
    assert printable("\u0301e\u0301\u0301\u0301\u0301\u0301x") == "�e" + MOST_MARKS * "\u0301" + "x"
    assert printable("a \u0301b\x07\u0301") == "a �b�"
    assert printable("❤\ufe0f \U0001f469\u200d\U0001f4bb") == "❤ \U0001f469\U0001f4bb"


@given(st.sets(hostile, max_size=6))
def test_names_that_differ_are_shown_apart(names: set[str]) -> None:
    ordered = tuple(sorted(names))
    shown = shown_names(ordered)
    assert all(map(is_whole, shown))
    assert len({text.strip() for text in shown}) == len(names)


def test_of_names_that_would_look_alike_the_codes_are_shown() -> None:
    assert shown_names(("a\x07", "a\x1b", "b\x07")) == ("a\\x07", "a\\x1b", "b�")
    assert shown_names(("é", "e\u0301")) == (ascii("é"), ascii("e\u0301"))
    assert shown_names(("cat", "cat\u200b")) == ("cat", "cat\\u200b")
