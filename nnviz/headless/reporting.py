"""`nnviz report`: runs as one file that opens in any browser, offline."""

import os
from collections.abc import Sequence
from pathlib import Path

from nnviz.errors import InputError
from nnviz.headless.page.account import accounts_of
from nnviz.headless.page.document import page
from nnviz.training.process import prepare_process
from nnviz.whole_file import write_asked

SUFFIXES = (".html", ".htm")


def write_report(places: Sequence[Path], target: Path, force: bool = False, cached: bool = True) -> int:
    """Write the report of all runs at those places; returns how many there are.

    Raises InputError if there is none at one of them, or the file cannot be there, or is there already and is not to be
    replaced; UnkeptError if the disk does not take it.
    """
    prepare_process()
    if target.suffix.lower() not in SUFFIXES:
        raise InputError(f"{target}: a report is a page for a browser; give a name that ends in .html")
    if os.path.lexists(target) and not force:
        raise InputError(f"{target}: there already; choose another name, or replace it with --force")
    accounts = [account for place in places for account in accounts_of(place, cached)]
    write_asked(target, page(accounts).encode("utf-8", "replace"))
    return len(accounts)
