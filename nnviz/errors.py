"""The few kinds of failure that nnviz reports, each as one clear line and an exit code."""


class NnvizError(Exception):
    """A failure that the user is told about in one line: what is wrong, where, and what to do."""

    exit_code = 1


class InputError(NnvizError):
    """What the user gave is wrong: a file, a key, an option."""

    exit_code = 2


class TrainerDiedError(NnvizError):
    """The trainer's process ended while the screen still needed it."""


class UnkeptError(NnvizError):
    """What was computed cannot be written down, and why."""


class StoppedError(NnvizError):
    """Somebody has ended what was going on, before there was anything to keep."""

    exit_code = 130


class OutputError(NnvizError):
    """The result cannot be written to stdout."""
