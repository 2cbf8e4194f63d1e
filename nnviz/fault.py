"""What is said, and what is written down, of a fault of nnviz itself."""

import contextlib
import os
import platform
import tempfile
import traceback
from datetime import date
from importlib.metadata import version
from pathlib import Path

from nnviz.outside_text import cut, printable

# Of what an exception says for itself, in a line that has more to say.
CELLS = 200


def fault_words(error: BaseException) -> str:
    """A fault in a few words."""
    said = cut(printable(str(error)), CELLS)
    return f"{type(error).__name__}: {said}" if said else type(error).__name__


def written_down(error: BaseException) -> str:
    """Write what whoever mends a fault has to know of it to a file, and say in words where that is, or why it is not.

    The file names versions and platform, and the lines of code that were gone through. What these were working on is
    not in it, and no user's name.
    """
    trouble = ""
    for place in _places():
        try:
            return f"the details are in {_kept_in(place, _details(error))}, please send it along with a report"
        except OSError as failure:
            trouble = f"{place}: {failure.strerror}"
    return f"the details cannot be written down ({trouble}); NNVIZ_TRACEBACK=1 shows them"


def _places() -> list[Path]:
    """Where such files are kept on this system, and where nearly everybody can write."""
    import platformdirs

    return [platformdirs.user_log_path("nnviz", appauthor=False), Path(tempfile.gettempdir())]


def _kept_in(folder: Path, text: str) -> str:
    """Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    descriptor, path = tempfile.mkstemp(".txt", f"nnviz-fault-{date.today().isoformat()}-", folder)
    try:
        with open(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(path)
        raise
    return path


def _details(error: BaseException) -> str:
    from nnviz import __version__

    libraries = ", ".join(f"{name} {version(name)}" for name in ("textual", "numpy"))
    about = f"nnviz {__version__}\nPython {platform.python_version()}, {libraries}\n{platform.platform()}\n\n"
    text = about + "".join(traceback.format_exception(error))
    home = os.path.expanduser("~")
    return text.replace(home, "~") if len(home) > 1 else text
