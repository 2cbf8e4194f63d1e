"""Names that are cut are as short as they are to be, and differ."""

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from nnviz.data.names import apart, cut


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
