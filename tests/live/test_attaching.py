"""A screen that comes to a training, and goes: what it sees, where it stops, and that it never holds training up."""

import asyncio
import contextlib
import math
import os
import socket
import stat
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from textual.pilot import Pilot  # noqa: E402

from nnviz.errors import InputError, TrainerDiedError  # noqa: E402
from nnviz.frame.frame import EVERY_PART, AlertMark, Frame, FrameUpdate, State  # noqa: E402
from nnviz.frame.health_view import Alert, Diagnosis, HealthView  # noqa: E402
from nnviz.frame.stages import Phase  # noqa: E402
from nnviz.frame.watched_health import WatchedHealth  # noqa: E402
from nnviz.insight.health.watched_rules import VALIDATION  # noqa: E402
from nnviz.insight.verification_words import progress  # noqa: E402
from nnviz.live import places, wire  # noqa: E402
from nnviz.remote import attached as remote_attached  # noqa: E402
from nnviz.remote import messages as m  # noqa: E402
from nnviz.remote.attached import AttachedTrainer  # noqa: E402
from nnviz.tui.app import NnvizApp  # noqa: E402
from nnviz.tui.screens.blame import BlameScreen  # noqa: E402
from nnviz.tui.screens.verification import VerificationScreen  # noqa: E402
from tests.live.training import Training  # noqa: E402

pytestmark = pytest.mark.live
FULL_SPEED = m.PACES[-1]


@pytest.fixture
def training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Training]:
    # A socket's whole path has to be short.
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    training = Training()
    yield training
    training.end()


def attached() -> AttachedTrainer:
    return AttachedTrainer(places.chosen("try"))


def asked(trainer: AttachedTrainer, request: m.Request) -> object:
    trainer.send(request)
    return trainer.receive()


def stopped(trainer: AttachedTrainer, request: m.Request) -> Frame:
    """Ask for something that stops training somewhere, and look until it has."""
    answer = asked(trainer, request)
    while not isinstance(answer, Frame) or answer.state is not State.PAUSED:
        answer = asked(trainer, m.Look())
    return answer


def test_where_it_is_found(training: Training) -> None:
    ((path, hello),) = places.found()
    assert (hello.name, hello.model, hello.pid, hello.busy) == ("try", "Sequential", os.getpid(), False)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    with pytest.raises(InputError, match=r"no watched training is called 'other'; there is try\."):
        places.chosen("other")
    path.parent.chmod(0o755)
    with pytest.raises(InputError, match="nobody else can enter"):
        places.found()
    path.parent.chmod(0o700)
    training.watching.close()
    assert places.found() == []


def test_a_path_that_no_socket_can_have_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / ("long" * 30)
    place.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(place))
    backward = torch.autograd.backward
    with pytest.raises(InputError, match=r"nnviz cannot listen at .*too long\); set XDG_RUNTIME_DIR to a directory"):
        Training()
    assert torch.autograd.backward is backward


def test_stages_on_the_way_and_leaving(training: Training) -> None:
    trainer = attached()
    first = trainer.receive()
    assert isinstance(first, Frame)
    assert first.state is State.RUNNING
    part = asked(trainer, m.Look(frozenset({"layers"})))
    assert isinstance(part, FrameUpdate)
    assert {"layers", "moment"} <= part.fields.keys() <= set(Frame.__struct_fields__)
    with pytest.raises(InputError, match="another screen is looking at try already"):
        attached()

    whole = stopped(trainer, m.Pause())
    assert whole.has_reached(Phase.UPDATE)
    step, depth = whole.moment.step, len(whole.layers)
    forward = stopped(trainer, m.Advance(m.Goal.STAGE))
    assert (forward.moment.step, forward.moment.done) == (step + 1, 1)
    assert stopped(trainer, m.Advance(m.Goal.STAGE)).moment.done == 2
    lost = stopped(trainer, m.Advance(m.Goal.LOSS))
    assert (lost.moment.step, lost.moment.done) == (step + 1, depth + 1)
    assert lost.layers[-1].parameters[0].gradients is None
    back = stopped(trainer, m.Advance(m.Goal.BACKWARD))
    assert back.layers[-1].parameters[0].gradients is not None
    assert back.layers[-1].parameters[0].updates is None
    assert stopped(trainer, m.Advance(m.Goal.STEP)).moment.step == step + 1
    following = stopped(trainer, m.Advance(m.Goal.STEP))
    assert following.moment.step == step + 2
    assert training.watching.steps == step + 3

    refused = asked(trainer, m.Restart())
    assert isinstance(refused, Frame)
    assert refused.said == "this training is begun again by the script that trains"
    health = asked(trainer, m.Health())
    assert isinstance(health, HealthView)
    assert health.layers == tuple(layer.name for layer in following.layers)
    assert {each.rule: each.reason for each in health.diagnosis.unable}["over-fitting"] == VALIDATION
    ending = trainer.close()
    assert ending.exit_code == 0
    training.goes_on()


@pytest.mark.usefixtures("training")
def test_what_the_rules_of_health_say_comes_to_the_screen_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    alert = Alert("dead-units", "0 linear", 3, "Seen.", "Why.", "To try.")
    asked_of = []

    def diagnosis(told: WatchedHealth) -> Diagnosis:
        asked_of.append(told)
        return Diagnosis((alert,) * len(asked_of), (), ())

    monkeypatch.setattr(remote_attached, "diagnosis", diagnosis)
    monkeypatch.setattr(remote_attached, "LOOKS", 3)
    trainer = attached()
    whole = trainer.receive()
    assert isinstance(whole, Frame)
    assert whole.alerts == 0
    for alerts in (1, 2):
        for _ in range(2):
            part = asked(trainer, m.Look(frozenset({"curves"})))
            assert isinstance(part, FrameUpdate)
            assert "alerts" not in part.fields
        assert part.over(whole).curves.marks == (AlertMark(3, "dead-units", "0 linear"),) * (alerts - 1)
        ruled = asked(trainer, m.Look(frozenset({"layers"})))
        assert isinstance(ruled, FrameUpdate)
        assert ruled.over(whole).alerts == alerts
    stands = stopped(trainer, m.Pause())
    assert (stands.alerts, len(stands.curves.marks)) == (2, 2)
    assert isinstance(asked(trainer, m.Health()), HealthView)
    assert stopped(trainer, m.Pause()).alerts == 3
    assert all(isinstance(told, WatchedHealth) and len(told.layers) == len(whole.layers) for told in asked_of)


def test_a_screen_that_dies_or_stops_reading(training: Training) -> None:
    trainer = attached()
    trainer.receive()
    stopped(trainer, m.Pause())
    # As the kernel does where a process is killed.
    trainer._connection.close()
    training.goes_on()
    with attached()._connection as connection:
        # More questions than the answers to which fit into the socket.
        connection.setblocking(False)
        look = wire.encoded(wire.Look(EVERY_PART))
        with pytest.raises(BlockingIOError):
            connection.sendall(look * 100_000)
        training.goes_on()


def test_nonsense_is_refused(training: Training) -> None:
    path = places.chosen("try")
    for nonsense in (b"\xff" * 64, wire.encoded({"type": "exec"}), b"\x04\0\0\0\xc1\xc1\xc1\xc1"):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(path))
            wire.receive(connection, wire.Hello)
            connection.sendall(nonsense)
            # Closed, or reset where some of it was not read any more.
            with contextlib.suppress(ConnectionResetError):
                assert connection.recv(1) == b""
    training.goes_on()
    trainer = attached()
    trainer.receive()
    training.watching.close()
    trainer._connection.shutdown(socket.SHUT_RD)
    with pytest.raises(TrainerDiedError, match="has ended"):
        trainer.receive()


def test_who_lets_it_go_on_as_it_comes_to_its_place_is_heard(
    training: Training, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainer, gate = attached(), training.watching._watch.shared.gate
    trainer.receive()
    wait, going_on = gate.wait, threading.Thread(target=gate.go_on, args=(None,))

    def told_first() -> float:
        going_on.start()
        going_on.join(0.1)
        return wait()

    monkeypatch.setattr(gate, "wait", told_first)
    asked(trainer, m.Pause())
    going_on.join()
    training.goes_on()


def test_a_key_waits_for_no_share(training: Training) -> None:
    trainer = attached()
    trainer.receive()
    training.watching._server._free_at = math.inf
    part = asked(trainer, m.Look(frozenset({"layers"})))
    assert isinstance(part, FrameUpdate)
    assert "moment" in part.fields
    assert "layers" not in part.fields
    assert training.watching._server._free_at == math.inf
    assert stopped(trainer, m.Pause()).layers


async def test_pages_of_a_training_that_takes_its_time(training: Training, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nnviz.live.server.STOP_SECONDS", 0.0)
    async with opened(training) as (app, _, press):
        screen = app.screen
        await press("space", lambda: screen.frame.state is State.PAUSED)
        for key, page in (("i", BlameScreen), ("v", VerificationScreen)):
            await press("enter", lambda: stands_after(screen.frame, len(screen.frame.stages)))
            await press("n", lambda: stands_after(screen.frame, 1))
            await press(key, lambda page=page: isinstance(app.screen, page))
            await press("escape", lambda: app.screen is screen)


async def test_keys_of_the_screen(training: Training) -> None:
    async with opened(training) as (app, pilot, press):
        screen = app.screen
        await press("space", lambda: screen.frame.state is State.PAUSED)
        step = screen.frame.moment.step
        await press("n", lambda: screen.frame.moment.done == 1)
        assert screen.frame.moment.step == step + 1
        for key in ("p", "t", "B", "o", "e", "r"):
            await pilot.press(key)
            await pilot.pause()
        assert screen.frame.moment.step >= step + 1
        before = screen.frame.learning_rate
        await press("plus", lambda: screen.frame.learning_rate != before)
        for key, page in (("i", BlameScreen), ("v", VerificationScreen)):
            await press(key, lambda page=page: isinstance(app.screen, page))
            if isinstance(verifying := app.screen, VerificationScreen):
                await seen(lambda verifying=verifying: verifying._view.done == verifying._view.total, app, training)
                assert progress(verifying._view).startswith("All")
            await press("escape", lambda: app.screen is screen)
        await press("space", lambda: screen.frame.state is State.RUNNING)
        await pilot.press("q")
        await pilot.pause()
    training.goes_on()


Press = Callable[[str, Callable[[], object]], Awaitable[None]]


@contextlib.asynccontextmanager
async def opened(training: Training) -> AsyncIterator[tuple[NnvizApp, Pilot[object], Press]]:
    """A screen on it, and what presses a key and waits for what is then to be seen."""
    app = NnvizApp(attached(), "try")
    async with app.run_test(size=(120, 40)) as pilot:

        async def press(key: str, look: Callable[[], object]) -> None:
            await pilot.press(key)
            await seen(look, app, training)

        await seen(app.ready.is_set, app, training)
        yield app, pilot, press


def stands_after(frame: Frame, stages: int) -> bool:
    """Whether training waits where so many stages are done."""
    return frame.state is State.PAUSED and frame.moment.done == stages


async def seen(look: Callable[[], object], app: NnvizApp, training: Training) -> None:
    """Look again and again until that is true; where it never is, say how both sides stand."""
    for _ in range(6000):
        if look():
            return
        await asyncio.sleep(0.02)
    shared, screens = training.watching._watch.shared, [*app.screen_stack]
    told = [(type(each).__name__, getattr(each, "_dead", None), getattr(each, "frame", None)) for each in screens]
    stands = [(name, dead, frame and (frame.state, frame.moment, frame.said)) for name, dead, frame in told]
    gate = shared.gate
    pytest.fail(
        f"{app._exception=} {app.failure=} {app.link.busy=} {stands}; {gate.stop=} {gate.is_stopped=} "
        f"{gate.is_attached=} {shared.steps=} {shared.guard.fault=}"
    )
