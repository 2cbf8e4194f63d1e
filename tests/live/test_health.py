"""What the rules of health say of a watched training is so: ill models are told of, and healthy ones left alone."""

import itertools
from collections.abc import Callable

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import Tensor, nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402, N812

from nnviz.frame.health_view import Alert, Diagnosis  # noqa: E402
from nnviz.insight.health.rules import RULES  # noqa: E402
from nnviz.insight.health.watched_rules import diagnosis  # noqa: E402
from nnviz.live import wire  # noqa: E402
from nnviz.live.watched_training import Watch  # noqa: E402
from nnviz.wording import number, percent  # noqa: E402

pytestmark = pytest.mark.live
UNMERGED = 32
"""After so many steps, each of which is looked at, no readings have been merged yet."""
Note = Callable[[nn.Module, Tensor], None]


def watched(model: nn.Module, steps: int, rate: float = 0.05, note: Note = lambda *_: None) -> Diagnosis:
    """Train to tell whether a sum is above 0, and ask the rules as a screen does. `note` is called after backward."""
    generator = torch.Generator().manual_seed(1)
    optimizer = torch.optim.SGD(model.parameters(), rate, momentum=0.9)
    clock = itertools.count(step=10_000)
    watch = Watch(model, [optimizer], "test", None, lambda: float(next(clock)))
    for _ in range(steps):
        inputs = torch.randn(32, 4, generator=generator)
        optimizer.zero_grad()
        loss = F.cross_entropy(model(inputs), (inputs.sum(1) > 0).long())
        loss.backward()
        note(model, loss)
        optimizer.step()
    watch.close()
    assert watch.shared.guard.fault is None
    sent = wire.encoded(wire.Answer.of(watch.screen.health()))[4:]
    return diagnosis(wire._decoder(wire.Answer).decode(sent).view())


def only(told: Diagnosis, rule: str) -> Alert:
    (alert,) = (alert for alert in told.alerts if alert.rule == rule)
    assert not alert.changes
    assert alert.attempt
    return alert


def test_dead_units() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 2))
    with torch.no_grad():
        model[0].bias[:9] = -40
    silent: list[float] = []
    with torch.no_grad():
        model[1].register_forward_hook(lambda _, __, gave: silent.append((gave == 0).all(0).float().mean().item()))
    alert = only(watched(model, UNMERGED), "dead-units")
    assert set(silent[alert.step - 1 :]) == {9 / 16}
    # The twelfth look is the first that can tell.
    assert (alert.layer, alert.step) == ("1 relu", 12)
    assert f"{percent(9 / 16)} of the 16 units of 1 relu gave 0" in alert.seen


def test_gradients_that_vanish_through_ten_sigmoids() -> None:
    torch.manual_seed(0)
    layers = [part for _ in range(10) for part in (nn.Linear(8, 8), nn.Sigmoid())]
    model = nn.Sequential(nn.Linear(4, 8), nn.Sigmoid(), *layers, nn.Linear(8, 2))
    ratios: list[float] = []

    def note(model: nn.Module, _: Tensor) -> None:
        first, last = (model[at].weight.grad.square().mean().sqrt().item() for at in (0, -1))
        ratios.append(first / last)

    told = watched(model, UNMERGED, note=note)
    alert = only(told, "vanishing-gradient")
    looked_at = ratios[::2]
    later = float(np.median(looked_at[len(looked_at) // 2 :]))
    assert alert.layer == "0 linear"
    assert f"is {number(later, 2)} times that of 22 linear" in alert.seen
    assert max(ratios[alert.step - 1 :]) < 1e-3
    assert alert.attempt == "Relu instead of sigmoid and tanh; or fewer layers; or adam as the optimizer."


def test_a_loss_that_explodes() -> None:
    torch.manual_seed(0)
    losses: list[float] = []
    model = nn.Sequential(nn.Linear(4, 8), nn.Linear(8, 8), nn.Linear(8, 2))
    told = watched(model, 60, rate=50.0, note=lambda _, loss: losses.append(loss.item()))
    alert = only(told, "diverging")
    first = 1 + int(np.flatnonzero(~np.isfinite(losses))[0])
    assert alert.step == first
    assert alert.seen == f"At step {first} the loss was no finite number; the last one is NaN."


def test_updates_that_are_too_large_beside_what_the_weights_began_with() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 2))
    began = model[0].weight.square().mean().sqrt().item()
    alert = next(each for each in watched(model, UNMERGED, rate=5.0).alerts if each.rule == "updates-too-large")
    now = model[0].weight.square().mean().sqrt().item()
    assert alert.layer == "0 linear"
    assert f"they began with a size of {number(began)} and have " in alert.seen
    assert now > 5 * began


@pytest.mark.parametrize(
    "model",
    [
        lambda: nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, 2)),
        lambda: nn.Sequential(nn.Linear(4, 12), nn.Tanh(), nn.Linear(12, 12), nn.Sigmoid(), nn.Linear(12, 2)),
        lambda: nn.Sequential(nn.Linear(4, 2)),
        lambda: nn.Sequential(
            nn.Unflatten(1, (1, 2, 2)), nn.Conv2d(1, 8, 2), nn.BatchNorm2d(8), nn.ReLU(), nn.Flatten(), nn.Linear(8, 2)
        ),
    ],
    ids=["relu", "tanh and sigmoid", "a single layer", "convolution"],
)
def test_healthy_models_are_left_alone_and_every_rule_ran_or_says_why_not(model: Callable[[], nn.Module]) -> None:
    for steps in (1, 40, 300):
        torch.manual_seed(0)
        told = watched(model(), steps)
        assert told.alerts == ()
        unable = [each.rule for each in told.unable]
        assert sorted([*told.quiet, *unable]) == sorted(rule.id for rule in RULES)
        assert all(each.reason for each in told.unable)
    assert {"diverging", "loss-does-not-fall", "loss-oscillates", "loss-spikes", "updates-too-large"} <= {*told.quiet}
