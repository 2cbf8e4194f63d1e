"""The screen's end of a training that goes on in somebody else's process: it is looked at, stopped and let go on."""

import contextlib
from collections.abc import Callable
from pathlib import Path

from msgspec.structs import replace

from nnviz.errors import InputError, TrainerDiedError
from nnviz.frame.frame import AlertMark, Frame, FrameUpdate
from nnviz.frame.health_view import HealthView
from nnviz.frame.watched_health import WatchedHealth
from nnviz.insight.health.watched_rules import diagnosis
from nnviz.live import wire
from nnviz.live.places import connect
from nnviz.live.ports import Port
from nnviz.remote import messages as m
from nnviz.remote.hearing import Hearing
from nnviz.remote.opening_progress import OpeningProgress
from nnviz.runs.ending import Ending

REFUSALS: dict[type, str] = {
    m.GoTo: "there is no way back: what this training was, its own process has not kept",
    m.Stay: "there is nothing to come back from",
    m.Restart: "this training is begun again by the script that trains",
    m.Reseed: "this training is begun again by the script that trains",
    m.SetWeight: "weights of a watched training are not set from here",
    m.Options: "what this training goes by stands in its own script",
    m.Test: "what the training is tested on, its own script knows",
    m.ListBranches: "a watched training has no branches",
    m.Try: "what is to be tried is changed in the script that trains",
}
"""Why what is asked for cannot be done with somebody else's loop."""
LOOKS = 64
"""At one of so many looks at a training that runs, it is asked what the rules of health go by, and they are asked."""
NO_EPOCHS = "epochs are the business of the script that trains: enter goes on by a step, space lets it run"


class AttachedTrainer:
    """Asks a watched training, by its socket or its port. Leaving it, or dying, leaves the training alone."""

    def __init__(self, place: Path | Port) -> None:
        """Raises InputError if nobody trains there, a screen is there already, or its nnviz is of another version."""
        try:
            self._connection, self.hello = place.connect() if isinstance(place, Port) else connect(place)
        except (OSError, EOFError):
            raise InputError(f"the training at {place} has ended; 'nnviz attach' lists those that there are") from None
        if self.hello.version != wire.VERSION:
            self._connection.close()
            raise InputError("that training speaks another version of nnviz; use the same one on both sides")
        if self.hello.busy:
            self._connection.close()
            raise InputError(f"another screen is looking at {self.hello.name} already; leave that one first")
        if self.hello.unheard is not None:
            self._connection.close()
            raise InputError(f"{self.hello.name}: {self.hello.unheard}")
        self._said: str | None = None
        self._looks, self._asks_rules = 0, False
        self._marks: tuple[AlertMark, ...] = ()
        self._hearing = Hearing(self._connection.fileno)
        self.send(m.Look())

    def send(self, request: m.Request) -> None:
        self._said = None
        self._asks_rules = self._is_turn_of_rules(request)
        question: wire.Question = wire.AskHealth() if self._asks_rules else self._question(request)
        # If it has ended, that is heard when the answer is read.
        with contextlib.suppress(OSError):
            wire.send(self._connection, question)

    def _is_turn_of_rules(self, request: m.Request) -> bool:
        """Whether the rules of health are asked, rather than once more how far it is."""
        if not isinstance(request, m.Look) or request.parts is None:
            return False
        self._looks += 1
        return self._looks % LOOKS == 0

    def _question(self, request: m.Request) -> wire.Question:
        match request:
            case m.Look(parts):
                return wire.Look(parts)
            case m.SetFocus(focus, parts):
                return wire.Refocus(focus, parts)
            case m.Advance(m.Goal.EPOCH):
                self._said = NO_EPOCHS
            case m.Advance(goal):
                return wire.GoOn(goal.value)
            case m.Run():
                return wire.GoOn(None)
            case m.Pause():
                return wire.Pause()
            case m.Change(rate):
                return wire.SetRate(rate)
            case m.Follow(layer, measure):
                return wire.Follow(layer, measure)
            case m.Blame(focus, measure, of_example, everywhere):
                return wire.AskBlame(focus, measure, of_example, everywhere)
            case m.Verify(block, chosen):
                return wire.Verify(block, chosen)
            case m.LookAtVerification():
                return wire.GoOnVerifying()
            case m.Health():
                return wire.AskHealth()
            case _:
                self._said = REFUSALS.get(type(request))
        return wire.Look()

    async def has_spoken(self) -> None:
        await self._hearing.has_spoken()

    def watch(self, ended: Callable[[], None] | None) -> None:
        self._hearing.watch(ended)

    def receive(self) -> "m.Answer | OpeningProgress":
        try:
            view = wire.receive(self._connection, wire.Answer).view()
        except (OSError, EOFError):
            raise TrainerDiedError("the watched training has ended") from None
        match view:
            case WatchedHealth():
                health = self._diagnosed(view)
                return FrameUpdate({"alerts": len(self._marks)}) if self._asks_rules else health
            case Frame():
                curves = replace(view.curves, marks=self._marks)
                return replace(view, said=self._said or view.said, alerts=len(self._marks), curves=curves)
            case FrameUpdate({"curves": curves}):
                return FrameUpdate({**view.fields, "curves": replace(curves, marks=self._marks)})
        answer: m.Answer = view
        return answer

    def _diagnosed(self, told: WatchedHealth) -> HealthView:
        found = diagnosis(told)
        self._marks = tuple(AlertMark(alert.step, alert.rule, alert.layer) for alert in found.alerts)
        return replace(told.view, diagnosis=found)

    def hurry(self) -> None:
        return

    def give_up(self) -> None:
        """Leave it: it trains on."""
        self._connection.close()

    def close(self) -> Ending:
        with contextlib.suppress(OSError):
            wire.send(self._connection, wire.Bye())
        self._connection.close()
        return Ending(looked_at=f"{self.hello.name} (process {self.hello.pid})")

    def goes_on_from(self) -> int | None:
        return None

    def again(self) -> "AttachedTrainer":
        raise TrainerDiedError("the watched training has ended; q leaves")
