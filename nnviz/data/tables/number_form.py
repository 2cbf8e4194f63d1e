"""How people write numbers: which mark is the decimal one, what stands between thousands, before and behind each.

Cells are judged by their signs, that is with every digit but 0 made a 1: `$1,250` and `$3,980` are both `$1,110`. A
column of millions of cells has few different signs, and what they tell together decides for all of its cells.
"""

import re
from collections import Counter
from collections.abc import Collection, Mapping
from functools import cached_property, lru_cache
from typing import NamedTuple

import msgspec

# Beside these, a cell where the others are numbers may be one of the second: as words, they could mean something.
BLANKS = frozenset({"", "?", "na", "n/a", "#n/a", "<na>", "nan", "null"})
NO_NUMBERS = BLANKS | {
    *("none", "-", "--", "---", "–", "—", ".", "..", "...", ":", "*", "n.a.", "nil", "(null)", "nat", "missing"),
    *("inf", "+inf", "-inf", "infinity", "+infinity", "-infinity", "-nan", "1.#qnan", "-1.#ind"),
    *("#div/0!", "#value!", "#ref!", "#name?", "#num!", "#null!"),
}

CURRENCIES = (
    r"US\$|R\$|[$€£¥₹₽₩₺₴₫₦₱₪₡₲฿¢]|Rs\.?|"
    "USD|EUR|GBP|CHF|JPY|CNY|RMB|INR|AUD|CAD|NZD|SEK|NOK|DKK|PLN|CZK|HUF|RUB|BRL|MXN|ZAR|TRY|KRW|SGD|HKD"
)
UNIT = r"[%‰°]|[a-zA-Z/ ]{0,6}m[1-3]|°?[^\W\d_][^\d()\n\"]{0,14}"
"""What may stand behind a number: `%`, `kg`, `m/s`, `sq ft`, `m2`."""
FLAG = re.compile("[bcdefinprsuz]|b[depu]|d[eu]|e[pu]")
"""What may stand behind some of the numbers of Eurostat, after a space: `12.3 p` is provisional."""

_NORMAL = {
    **dict.fromkeys(map(ord, "\u00a0\u2009\u202f\u2007"), " "),
    **dict.fromkeys(map(ord, "−–‒"), "-"),
    **dict.fromkeys(map(ord, "’´"), "'"),
}
_SIGNS = {**_NORMAL, **dict.fromkeys(map(ord, "23456789"), "1")}
_WRITTEN = re.compile(
    rf"(?P<open>\()? ?(?P<sign>[+-])? ?(?P<prefix>{CURRENCIES})? ?(?P<second>[+-])?"
    r"(?P<digits>[.,]?\d(?:[\d.,' ]*[\d.,])?(?:[eE][+-]?\d+)?)"
    rf"(?P<suffix> ?(?:{CURRENCIES}|{UNIT}))?(?P<behind>-)?(?P<close>\))?"
)


class Written(NamedTuple):
    """The parts of a number that is written as people do: what stands before and behind its digits and marks."""

    negative: bool
    prefix: str
    digits: str
    suffix: str


class NumberForm(msgspec.Struct, frozen=True, dict=True):
    """How the numbers of a column are written.

    decimal         the decimal mark, a point or a comma
    thousands       what may stand between thousands, empty for nothing
    prefix, suffix  what stands before and behind each number, such as a currency or a unit
    flags           whether Eurostat's flags may stand behind a number

    A digit in a unit counts as any other: it is kept as a 1.
    """

    decimal: str = "."
    thousands: str = ""
    prefix: str = ""
    suffix: str = ""
    flags: bool = False

    def number(self, cell: str) -> float | None:
        """The number that the cell says, None if it is not written so."""
        written = _parts(cell.translate(_NORMAL))
        if written is None or not self._has_unit(written) or not self.reads(written.digits):
            return None
        digits = written.digits.replace(self.thousands, "") if self.thousands else written.digits
        value = float(digits.replace(",", "."))
        return -value if written.negative else value

    def reads(self, digits: str) -> bool:
        """Whether digits and marks, or their signs, are written so."""
        return self._pattern.fullmatch(digits) is not None

    def written(self, number: str) -> str:
        """A number with what stands before and behind it."""
        return f"{self.prefix}{number}{self.suffix}"

    def _has_unit(self, written: Written) -> bool:
        """Whether the right things stand before and behind; a zero needs none, and a flag counts as none."""
        suffix = written.suffix.translate(_SIGNS)
        if (written.prefix, suffix) == (self.prefix, self.suffix):
            return True
        is_zero = not written.prefix and not suffix and not written.digits.strip("0.,")
        return is_zero or (self.flags and not written.prefix and _is_flag(suffix))

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        mark = re.escape(self.decimal)
        whole = r"\d+"
        if self.thousands:
            between = re.escape(self.thousands)
            # Also as in India, where 1,25,000 is written.
            lakhs = rf"|[1-9]\d?(?:{between}\d{{2}})+{between}\d{{3}}" if self.thousands == "," else ""
            whole = rf"(?:\d+|[1-9]\d{{0,2}}(?:{between}\d{{3}})+{lakhs})"
        return re.compile(rf"(?:{whole}(?:{mark}\d*)?|{mark}\d+)(?:[eE][+-]?\d+)?")


PLAIN = NumberForm()
FORMS = tuple(
    NumberForm(decimal, thousands) for thousands in ("", ",", ".", " ", "'") for decimal in ".," if decimal != thousands
)
"""In the order in which they are preferred where they read the same."""


class Evidence(NamedTuple):
    """What else is known where the marks of a column can be understood in two ways.

    decimals   the decimal marks that other columns of the table can only have
    delimiter  what is between cells
    known      the form in which a run has read the column
    """

    decimals: Collection[str]
    delimiter: str
    known: NumberForm | None = None


def signs_of(cell: str) -> str:
    """The cell with each digit but 0 made a 1, and the forms that one mark has made one."""
    return cell.translate(_SIGNS)


@lru_cache(maxsize=1 << 14)
def parts_of_signs(signs: str) -> Written | None:
    """The parts of a number with these signs, None if none is written so."""
    return _parts(signs)


def is_number(cell: str) -> bool:
    """Whether the cell is written as a computer writes a number, finite or not."""
    try:
        float(cell)
    except ValueError:
        return False
    return "_" not in cell


def is_like_number(cell: str) -> bool:
    """Whether the cell is a number as a computer or as people write it."""
    return is_number(cell) or parts_of_signs(signs_of(cell)) is not None


def best_form(signs: Mapping[str, int], evidence: Evidence) -> tuple[NumberForm, int] | None:
    """The form in which most of the cells are read that have these `signs` so often, and how many they are.

    None if no cell is like a number.
    """
    parts = {each: written for each in signs if (written := parts_of_signs(each)) is not None}
    units = Counter[tuple[str, str]]()
    for each, written in parts.items():
        units[written.prefix, written.suffix] += signs[each]
    if not units:
        return None
    (prefix, suffix), _ = units.most_common(1)[0]
    digits = Counter[str]()
    for each, written in parts.items():
        if (written.prefix, written.suffix) == (prefix, suffix):
            digits[written.digits] += signs[each]
    form = marks(digits, evidence)
    flags = not prefix and not suffix and any(_is_flag(written.suffix) for written in parts.values())
    form = NumberForm(form.decimal, form.thousands, prefix, suffix, flags)
    read = sum(count for each, count in signs.items() if form.number(each) is not None)
    return form, read


def only_decimal(signs: Mapping[str, int]) -> str:
    """The decimal mark of cells that have these `signs` so often, if it can be only one; else nothing."""
    digits = Counter[str]()
    for each, many in signs.items():
        written = parts_of_signs(each)
        if written is not None:
            digits[written.digits] += many
    reads = {form: sum(many for each, many in digits.items() if form.reads(each)) for form in FORMS}
    found = {form.decimal for form in FORMS if reads[form] == max(reads.values())}
    return found.pop() if len(found) == 1 else ""


def marks(digits: Mapping[str, int], evidence: Evidence) -> NumberForm:
    """The form, without unit, in which most `digits`, that come so often, can be read.

    Where a mark stands before three digits only, it may be either. Then what a run has learnt counts first, and then
    what other columns show. Without that, a comma is between thousands, as is a point beside whole numbers below 1,000
    where semicolons or tabs cut cells, or where most whole numbers have three digits.
    """
    reads = {form: sum(count for each, count in digits.items() if form.reads(each)) for form in FORMS}
    most = max(reads.values())
    found = [form for form in FORMS if reads[form] == most]
    known = evidence.known
    if known is not None:
        learnt = [form for form in found if form.decimal == known.decimal]
        if learnt:
            return next((form for form in learnt if form.thousands == known.thousands), learnt[0])
    if len({form.decimal for form in found}) == 1 or not any(set(".,") & set(each) for each in digits):
        return found[0]
    if len(set(evidence.decimals)) == 1:
        return next((form for form in found if form.decimal in evidence.decimals), found[0])
    mark = "," if any("," in each for each in digits) else "."
    between = next((form for form in found if form.thousands == mark), None)
    decimal = next((form for form in found if form.decimal == mark), found[0])
    return between if between is not None and _is_between(mark, digits, evidence.delimiter) else decimal


def _is_between(mark: str, digits: Mapping[str, int], delimiter: str) -> bool:
    """Whether a mark that always has three digits behind it stands between thousands."""
    if mark == "," and delimiter != ";":
        return True
    whole = Counter[int]()
    for each, count in digits.items():
        if each.isdigit():
            whole[len(each)] += count
    if not whole or max(whole) > 3:
        return False
    return delimiter in ";\t" or 2 * whole[3] >= whole.total()


def _is_flag(suffix: str) -> bool:
    return suffix.startswith(" ") and FLAG.fullmatch(suffix, 1) is not None


def _parts(text: str) -> Written | None:
    found = _WRITTEN.fullmatch(text)
    if found is None:
        return None
    signs = [found["open"] and found["close"], found["sign"] == "-", found["second"] == "-", found["behind"]]
    has_two_signs = sum(map(bool, [found["open"], found["sign"], found["second"], found["behind"]])) > 1
    if bool(found["open"]) != bool(found["close"]) or has_two_signs:
        return None
    return Written(any(signs), found["prefix"] or "", found["digits"], found["suffix"] or "")
