"""When a run writes checkpoints, and how much of the disk those that it keeps may take. Light to import."""

import re

import msgspec

from nnviz.errors import InputError

GIGABYTE = 1_000_000_000
UNITS = {"": 1, "B": 1, "KB": 1000, "MB": 1_000_000, "GB": GIGABYTE, "TB": 1000 * GIGABYTE}
SECONDS = {"s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}


class CheckpointRule(msgspec.Struct, frozen=True):
    """What was asked for.

    steps, seconds  between two of them; where neither is given, the run finds its own measure
    budget          bytes of those that are kept beside the last ones and the best one
    """

    steps: int | None = None
    seconds: float | None = None
    budget: int = GIGABYTE


DEFAULT = CheckpointRule()


def checkpoint_rule(every: str | None, keep: str | None) -> CheckpointRule:
    """The rule of two options such as "500" (steps) or "60s", and "1GB". Raises InputError."""
    steps, seconds = (None, None) if every is None else _every(every)
    return CheckpointRule(steps, seconds, GIGABYTE if keep is None else _bytes(keep))


def _every(text: str) -> tuple[int | None, float | None]:
    match = re.fullmatch(r"(\d{1,12}(?:\.\d{1,6})?)\s*(s|m|min|h)?", text.strip(), re.ASCII)
    if match and match[2] and float(match[1]) > 0:
        return None, float(match[1]) * SECONDS[match[2]]
    if match and not match[2] and match[1].isdecimal() and int(match[1]) > 0:
        return int(match[1]), None
    raise InputError(f"--checkpoint-every: '{text}' is neither training steps, as in 500, nor a time, as in 60s or 5m")


def _bytes(text: str) -> int:
    match = re.fullmatch(r"(\d{1,12}(?:\.\d{1,6})?)\s*([KMGT]?B)?", text.strip().upper(), re.ASCII)
    if not match:
        raise InputError(f"--keep-checkpoints: '{text}' is not a size, as in 1GB or 500MB")
    return int(float(match[1]) * UNITS[match[2] or ""])
