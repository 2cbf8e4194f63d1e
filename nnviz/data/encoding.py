"""Encoding: how the examples of a source became what a network reads."""

import msgspec

from nnviz.data.ngrams import NGrams


class Encoding(msgspec.Struct, frozen=True, kw_only=True):
    """How examples were read. It is kept with a run, so that others can be read exactly as they were.

    class_names  none if numbers are predicted
    ngrams       how texts are counted, None where there are none
    """

    class_names: tuple[str, ...]
    ngrams: NGrams | None = None

    @property
    def blank_inputs(self) -> set[int]:
        """The places of those inputs that say of a number that it was blank."""
        return set()
