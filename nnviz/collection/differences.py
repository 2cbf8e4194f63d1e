"""What settings of runs differ in."""

from collections.abc import Mapping, Sequence


def short_names(names: Sequence[str]) -> list[str]:
    """What settings are called without their tables; with them where one would be taken for another."""
    shorts = [name.rpartition(".")[2] or name for name in names]
    return [name if shorts.count(short) > 1 else short for name, short in zip(names, shorts, strict=True)]


def differences(settings: Sequence[Mapping[str, str]]) -> dict[str, list[str | None]]:
    """The names of settings that are not the same in all runs, each with its text in every one; None where it has none.

    The names come in the order in which they stand in the runs. What has no settings at all, as most logs, is no
    difference: such a run has None everywhere.
    """
    known = [one for one in settings if one]
    names = dict.fromkeys(name for one in known for name in one)
    return {name: [one.get(name) for one in settings] for name in names if len({one.get(name) for one in known}) > 1}
