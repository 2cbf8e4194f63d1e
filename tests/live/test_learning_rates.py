"""Learning rates that are changed from a screen: as if their author had changed them between two steps."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch.optim import SGD, Adam, Optimizer, lr_scheduler, swa_utils  # noqa: E402

from nnviz.errors import InputError  # noqa: E402
from nnviz.frame.frame import Frame  # noqa: E402
from nnviz.live.learning_rates import LearningRates  # noqa: E402
from nnviz.live.watched_training import Watch  # noqa: E402
from nnviz.remote import messages as m  # noqa: E402
from tests.live.programs import PROGRAMS, Hand  # noqa: E402
from tests.live.test_attaching import Training, asked, attached, stopped  # noqa: E402

pytestmark = pytest.mark.live


def parameter() -> nn.Parameter:
    return nn.Parameter(torch.ones(1))


def test_groups_keep_their_ratio_and_tensors_their_place() -> None:
    shared = torch.tensor(0.01)
    several = SGD([{"params": [parameter()], "lr": 0.1}, {"params": [parameter()], "lr": 0.0}])
    lr_scheduler.ConstantLR(several, 1.0)
    tensors = Adam([{"params": [parameter()]}, {"params": [parameter()]}], shared, capturable=False, foreach=False)
    rates = LearningRates([several, tensors])
    said = rates.change(0.2)
    assert said.startswith("learning rate 0.1 → 0.2, and of 3 other groups in proportion; a scheduler of the script")
    assert [group["lr"] for group in several.param_groups] == [0.2, 0.0]
    assert [group["initial_lr"] for group in several.param_groups] == [0.2, 0.0]
    assert all(group["lr"] is shared for group in tensors.param_groups)
    assert shared == torch.tensor(0.02)
    assert rates.now() == pytest.approx([0.2, 0.0, 0.02, 0.02])


def test_what_is_no_rate_is_refused() -> None:
    optimizer = SGD([{"params": [parameter()], "lr": 1e-30}, {"params": [parameter()], "lr": 1e30}])
    rates = LearningRates([optimizer])
    for rate in (1e-20, 0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(InputError):
            rates.change(rate)
    assert rates.now() == [1e-30, 1e30]
    optimizer.param_groups[0]["lr"] = 0.0
    with pytest.raises(InputError, match=r"the learning rate is 0, and no factor makes 0\.1 of that"):
        rates.change(0.1)


@pytest.mark.parametrize("name", ["mlp", "lbfgs", "two_optimizers", "gradient_scaler"])
def test_weights_become_those_of_an_author_who_changes_it_between_two_steps(name: str) -> None:
    bare = PROGRAMS[name]()
    hand = Hand(bare.model)
    for i in range(4):
        bare.step(hand, i)
        if i == 1:
            for optimizer in bare.optimizers:
                for group in optimizer.param_groups:
                    group["lr"] *= 2
    made = PROGRAMS[name]()
    clock = itertools.count(step=10_000)
    watch = Watch(made.model, made.optimizers, "test", made.scaler, lambda: float(next(clock)))
    watch.screen.attach(True)
    hand, first = Hand(made.model), watch.shared.learning_rates.first()
    for i in range(4):
        if i == 1:
            # Somebody presses a key while this step goes on.
            said = watch.screen.change_rate(2 * first, seconds=0)
            assert said == "the learning rate is changed when this training step is over"
            assert watch.shared.learning_rates.first() == first
        made.step(hand, i)
        frame = watch.screen.view(None)
        assert isinstance(frame, Frame)
        # The rate that this step was done with, and the one that comes.
        assert (frame.rate, frame.learning_rate) == (first * (1 + (i > 1)), first * (1 + (i > 0)))
    assert watch.shared.guard.fault is None
    for one, other in zip(bare.model.parameters(), made.model.parameters(), strict=True):
        assert torch.equal(one, other)
    watch.close()


@pytest.mark.parametrize("program", ["mlp", "lbfgs"])
def test_at_once_where_it_waits_but_never_within_an_update(
    program: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    training = Training(program)
    try:
        trainer = attached()
        trainer.receive()
        stopped(trainer, m.Pause())
        before = stopped(trainer, m.Advance(m.Goal.BACKWARD)).learning_rate
        frame = asked(trainer, m.Change(before / 2))
        assert isinstance(frame, Frame)
        if program == "lbfgs":
            # It asks for the loss while it steps.
            assert frame.said == "the learning rate is changed when this training step is over"
            assert frame.learning_rate == before
            frame = stopped(trainer, m.Advance(m.Goal.STEP))
            assert frame.rate == before
        else:
            assert frame.said is not None
            assert frame.said.startswith("learning rate 0.1 → 0.05; a scheduler")
        assert frame.learning_rate == before / 2
        trainer.close()
        training.goes_on()
    finally:
        training.end()


SCHEDULERS = {
    lr_scheduler.StepLR: (True, {"step_size": 3}),
    lr_scheduler.ExponentialLR: (True, {"gamma": 0.9}),
    lr_scheduler.CosineAnnealingLR: (True, {"T_max": 20}),
    lr_scheduler.LinearLR: (True, {"total_iters": 9}),
    lr_scheduler.PolynomialLR: (True, {"total_iters": 20}),
    lr_scheduler.MultiplicativeLR: (True, {"lr_lambda": lambda _: 0.9}),
    lr_scheduler.OneCycleLR: (True, {"max_lr": 1.0, "total_steps": 20}),
    swa_utils.SWALR: (True, {"swa_lr": 0.05}),
    lr_scheduler.LambdaLR: (False, {"lr_lambda": lambda k: 1 / (1 + k)}),
    lr_scheduler.CyclicLR: (False, {"base_lr": 0.01, "max_lr": 0.1}),
    lr_scheduler.CosineAnnealingWarmRestarts: (False, {"T_0": 8}),
}


@pytest.mark.parametrize("kind", SCHEDULERS)
def test_what_schedulers_make_of_it(kind: type) -> None:
    """What README says of them."""
    keeps, settings = SCHEDULERS[kind]

    def rates(changes: bool) -> Iterator[float]:
        optimizer: Optimizer = SGD([parameter()], 0.1)
        scheduler = kind(optimizer, **settings)
        for step in range(6):
            optimizer.step()
            scheduler.step()
            if step == 1 and changes:
                LearningRates([optimizer]).change(2 * optimizer.param_groups[0]["lr"])
            yield optimizer.param_groups[0]["lr"]

    alone, changed = [*rates(False)], [*rates(True)]
    factors = [1, 2, *([2] * 4 if keeps else [1] * 4)]
    assert changed == pytest.approx([rate * factor for rate, factor in zip(alone, factors, strict=True)])
