"""RESULTS.md: a section a subject, each with its date; subjects that did not run keep the section that they have."""

import os
import platform
import re
from collections.abc import Sequence
from datetime import date
from importlib.metadata import version
from pathlib import Path

FILE = Path(__file__).parent / "RESULTS.md"
HEAD = """# Measured

Written by `python -m benchmarks`; what each figure means is in the file of its subject. Figures of one table were
taken side by side in one run, in interleaved rounds; they are medians unless a column says otherwise.
"""


def machine() -> str:
    """What was measured on and with."""
    with open("/proc/cpuinfo", encoding="utf-8") as lines:
        model = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), "unknown CPU")
    packages = ", ".join(f"{name} {version(name)}" for name in ("numpy", "textual", "plotext"))
    return (
        f"{date.today()} · {model}, {os.cpu_count()} cores · {platform.system()} · Python {platform.python_version()}, "
        f"{packages}"
    )


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A table of Markdown, numbers to the right."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def write(name: str, text: str) -> None:
    """Put a subject's section into the file."""
    old = FILE.read_text(encoding="utf-8") if FILE.exists() else ""
    sections = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", old, re.DOTALL | re.MULTILINE))
    sections[name] = f"\n{machine()}\n\n{text.strip()}\n"
    body = "".join(f"\n## {title}\n\n{content.strip()}\n" for title, content in sorted(sections.items()))
    FILE.write_text(HEAD + body, encoding="utf-8")
