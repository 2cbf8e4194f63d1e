"""What came out of a check."""

from enum import StrEnum
from typing import Any

import msgspec

from nnviz.frame.health_view import Alert, Diagnosis, Unable


class Verdict(StrEnum):
    """Whether something is wrong."""

    OK = "ok"
    WRONG = "wrong"
    COULD_NOT_RUN = "could not run"


class Outcome(msgspec.Struct, frozen=True):
    """What one check did and found.

    done     sentences: what was done, and the numbers that came out
    numbers  the same numbers by name, for programs
    alerts   what is wrong
    quiet    rules of health that ran for it and found nothing; `unable`, those that could not run, and why
    reason   why the check itself could not run, or could not tell; None where it could
    """

    done: tuple[str, ...] = ()
    numbers: dict[str, Any] = {}
    alerts: tuple[Alert, ...] = ()
    quiet: tuple[str, ...] = ()
    unable: tuple[Unable, ...] = ()
    reason: str | None = None

    @property
    def verdict(self) -> Verdict:
        """Wrong where anything is."""
        if self.alerts:
            return Verdict.WRONG
        return Verdict.OK if self.reason is None else Verdict.COULD_NOT_RUN


def by_rules(diagnosis: Diagnosis, done: tuple[str, ...], numbers: dict[str, Any]) -> Outcome:
    """The outcome of a check that rules of health decide."""
    reason = None
    if diagnosis.unable and not diagnosis.quiet:
        reason = diagnosis.unable[0].reason
    return Outcome(done, numbers, diagnosis.alerts, diagnosis.quiet, diagnosis.unable, reason)
