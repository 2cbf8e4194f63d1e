"""How texts in files became what a network reads."""

from nnviz.data.encoding import Encoding


class TextEncoding(Encoding, frozen=True, kw_only=True):
    """Texts in files are read as counts of n-grams.

    whole_files  whether a text is all that a file holds, not one of its lines
    """

    whole_files: bool = False
