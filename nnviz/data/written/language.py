"""Lines of everyday prose in ten languages: which one is it?

Each language tells the same twelve short texts: eight are learnt from, two validate, and two test. So what is unseen
is about something else, and what a line is about never gives its language away.
"""

from pathlib import Path

import numpy as np
from msgspec.structs import replace

from nnviz.data.dataset import Dataset
from nnviz.data.texts.text_folder import open_text_folder

TEXTS = Path(__file__).with_name("texts")
"""A text folder like any other: train/english.txt, …"""
NOTICE = (
    "Press t after each of the first epochs: soon only kindred languages are mistaken, as Spanish for Italian, or "
    "Dutch for German."
)


def open_language() -> Dataset:
    """The lines, always the same, as counts of n-grams."""
    dataset = open_text_folder(TEXTS, np.random.default_rng(0))
    return replace(dataset, name="language", notice=NOTICE, notes=())
