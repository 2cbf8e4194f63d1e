"""`python -m benchmarks [SUBJECT] [OPTIONS]`: measure one subject, or all of them, and write RESULTS.md.

A subject is a module of this package with `TITLE`, `add_options(parser)` and `measure(options) -> str`, which returns
its section of RESULTS.md.
"""

import argparse
from importlib import import_module

from benchmarks import results

SUBJECTS = (
    "screen",
    "start",
    "endurance",
    "engine",
    "two_workers",
    "going_back",
    "keeping",
    "health",
    "opening",
    "decoding",
    "whole_training",
    "logs",
    "sweeping",
    "run_curves",
    "live",
    "live_memory",
)


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure; RESULTS.md has the outcome.")
    parser.add_argument("--dry", action="store_true", help="print, and leave RESULTS.md as it is")
    commands = parser.add_subparsers(dest="subject", metavar="SUBJECT")
    modules = {name: import_module(f"benchmarks.{name}") for name in SUBJECTS}
    for name, module in modules.items():
        module.add_options(commands.add_parser(name, help=module.TITLE))
    asked = parser.parse_args()
    for name in [asked.subject] if asked.subject else SUBJECTS:
        options = asked if asked.subject else commands.choices[name].parse_args([])
        section = modules[name].measure(options)
        print(section, flush=True)
        if not asked.dry:
            results.write(modules[name].TITLE, section)


if __name__ == "__main__":
    main()
