"""Gradients of a watched training beside central differences: they agree, what is wrong is found, nothing changes."""

import itertools
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import Tensor, nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402, N812
from torch.optim import SGD  # noqa: E402

from nnviz.errors import InputError  # noqa: E402
from nnviz.frame.stages import Phase  # noqa: E402
from nnviz.frame.verification_view import VerificationView  # noqa: E402
from nnviz.live import wire  # noqa: E402
from nnviz.live.gate import Stop  # noqa: E402
from nnviz.live.watched_training import Watch  # noqa: E402
from tests.live.programs import PROGRAMS, Hand, Program, labels, rows  # noqa: E402

pytestmark = pytest.mark.live
LIMIT = 60


def everything(made: Program) -> list[bytes]:
    """The bits of all that belongs to whoever trains."""
    tensors = [*made.model.state_dict().values(), *(p.grad for p in made.model.parameters() if p.grad is not None)]
    states = [each for optimizer in made.optimizers for entry in optimizer.state.values() for each in entry.values()]
    tensors += [each for each in states if isinstance(each, Tensor)]
    return [*(each.detach().numpy().tobytes() for each in tensors), torch.get_rng_state().numpy().tobytes()]


@contextmanager
def stopped(made: Program, place: Phase = Phase.BACKWARD, steps: int = 3) -> Iterator[Watch]:
    """A program that waits in its third step, in a thread of its own, and then goes on."""
    clock = itertools.count(step=10_000)
    watch = Watch(made.model, made.optimizers, "test", made.scaler, lambda: float(next(clock)))
    watch.screen.attach(True)
    watch.shared.gate.stop = Stop(steps - 1, place)
    hand = Hand(made.model)
    thread = threading.Thread(target=lambda: [made.step(hand, i) for i in range(steps)])
    thread.start()
    try:
        assert watch.shared.gate.wait_for_stop(LIMIT)
        yield watch
    finally:
        watch.close()
        thread.join(LIMIT)
    assert watch.shared.guard.fault is None


def verified(watch: Watch, chosen: tuple[tuple[int, int], ...] | None = None) -> VerificationView:
    watch.screen.verify(0, chosen)
    view = watch.screen.go_on_verifying(lambda: False)
    assert view is not None
    assert view.done == view.total
    answer = wire.Answer.of(view)
    assert wire._decoder(wire.Answer).decode(wire.encoded(answer)[4:]) == answer
    return view


# What cannot be done again says why.
REASONS = {
    "accumulation_and_clipping": "it has more in it",
    "another_model_beside": "it has more in it",
    "checkpoint_with_reentry": "backprop cannot be done again in float64",
    "loss_in_a_row_of_one": "none that can be computed again",
    "gradient_scaler": "has fewer digits than float32",
    "compiled": "what is compiled is not run again",
}


# So many of the first layers have a gradient that is none of the loss as it is run: the vectors that a spectral norm
# goes by are made of its weights, without a graph.
DETACHED = {"spectral_norm": 1}


@pytest.mark.parametrize("name", PROGRAMS)
def test_gradients_agree_or_it_is_said_why_not(name: str) -> None:
    made = PROGRAMS[name]()
    with stopped(made) as watch:
        before = everything(made)
        if name in REASONS:
            with pytest.raises(InputError, match=REASONS[name]):
                watch.screen.verify(0, None)
        else:
            view = verified(watch)
            smooth = [layer.checked - layer.crossed for layer in view.layers]
            agreeing = [layer.agreeing for layer in view.layers]
            assert agreeing[DETACHED.get(name, 0) :] == smooth[DETACHED.get(name, 0) :], view.worst
            assert sum(smooth) > 0.9 * view.total
        assert everything(made) == before
    if name not in REASONS:
        bare = PROGRAMS[name]()
        for i in range(3):
            bare.step(Hand(bare.model), i)
        assert everything(made) == everything(bare)


def test_numbers_are_those_of_the_loss_itself() -> None:
    made = PROGRAMS["mlp"]()
    with stopped(made, Phase.UPDATE) as watch:
        view = verified(watch, ((2, 4), (3, 8)))
        one, recording = view.chosen, watch.shared.shown.recording
    assert one is not None
    part = recording.gradients["0.weight"].T[2:4, 3:8]
    assert one.shown == part.flat[np.abs(part).argmax()]
    made.model.double()
    with torch.no_grad():
        for name, each in made.model.named_parameters():
            each.copy_(torch.tensor(recording.before[name]))

        def loss(change: float) -> float:
            weight = made.model[0].weight
            weight[one.index[::-1]] += change
            found = float(F.cross_entropy(made.model(rows(2, 6).double()), labels(2)))
            weight[one.index[::-1]] -= change
            return found

        slope = (loss(1e-5) - loss(-1e-5)) / 2e-5
    assert one.measured == pytest.approx(slope, rel=1e-7)
    assert one.agrees


class WrongSlope(torch.autograd.Function):
    """Somebody's own square, whose backward forgets the 2."""

    @staticmethod
    def forward(ctx, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, gradient: Tensor) -> Tensor:
        return gradient * ctx.saved_tensors[0]


class Net(nn.Module):
    """What a model may do that is hard to do again."""

    def __init__(self, does: str) -> None:
        super().__init__()
        self.a, self.b, self.does, self.calls = nn.Linear(6, 8), nn.Linear(8, 4), does, 0

    def forward(self, x: Tensor, target: Tensor | None = None) -> Tensor:
        self.calls += 1
        hidden = self.a(x)
        if self.does == "wrong":
            hidden = WrongSlope.apply(hidden)
        elif self.does == "casts":
            # As some normalise: in float32, whatever comes in.
            hidden = torch.softmax(hidden.float(), 1, dtype=torch.float32) + torch.arange(8.0)
        elif self.does == "counts":
            hidden = hidden * self.calls
        elif self.does == "kinks":
            hidden = torch.relu(self.a(x.abs()))
        given = self.b(hidden)
        return given if target is None else F.cross_entropy(given, target).exp()


def net(does: str, by_itself: bool = False, hook: bool = False) -> Program:
    torch.manual_seed(1)
    model = Net(does)
    if does == "kinks":
        # Where backprop says 0: there they stay.
        for each in model.a.parameters():
            nn.init.zeros_(each)
    if hook:
        model.a.register_forward_hook(lambda *_: seen.append(1))
    optimizer = SGD(model.parameters(), 0.01)

    def step(hand: Hand, i: int) -> None:
        optimizer.zero_grad()
        loss = model(rows(i, 6), target=labels(i)) if by_itself else F.cross_entropy(model(rows(i, 6)), labels(i))
        # The generator is no more where the forward pass left it.
        torch.rand(3)
        hand.backward(loss)
        hand.step(optimizer)

    return Program(model, [optimizer], step)


seen: list[int] = []


def test_a_wrong_gradient_is_found() -> None:
    with stopped(net("wrong")) as watch:
        view = verified(watch)
    first, last = view.layers[0], view.layers[-1]
    assert (first.agreeing, first.crossed) == (0, 0)
    assert last.agreeing == last.checked


def test_casts_lose_no_digits_and_a_model_may_give_its_loss_itself() -> None:
    for made in (net("casts"), net("casts", by_itself=True)):
        with stopped(made) as watch:
            view = verified(watch)
        assert all(layer.agreeing == layer.checked for layer in view.layers), view.worst


def test_kinks_are_no_mistakes() -> None:
    with stopped(net("kinks")) as watch:
        view = verified(watch)
    assert view.layers[0].crossed > 0
    assert view.layers[0].agreeing + view.layers[0].crossed == view.layers[0].checked


def test_other_peoples_hooks_are_not_called_and_counters_stay() -> None:
    made = net("", hook=True)
    with stopped(made) as watch:
        calls, hooked, before = made.model.calls, len(seen), everything(made)
        verified(watch)
        assert everything(made) == before
        assert (made.model.calls, len(seen)) == (calls, hooked)
    with stopped(net("counts")) as watch, pytest.raises(InputError, match=r"run again in float64 the loss is .*, and"):
        watch.screen.verify(0, None)


def test_what_was_given_and_is_changed_since_is_not_run_again() -> None:
    made = net("")
    with stopped(made) as watch:
        recording = watch.shared.shown.recording
        recording.given.arguments[0][0].add_(1)
        with pytest.raises(InputError, match="has been changed since"):
            watch.screen.verify(0, None)
    assert recording.given is None
