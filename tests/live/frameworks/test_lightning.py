"""Lightning's loops, watched by the callback, count as its author counts, and end in the same bits."""

import warnings
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("lightning")

import torch
from lightning.pytorch import LightningModule, Trainer, seed_everything
from torch.nn import functional as F  # noqa: N812
from torch.optim import SGD, Adam
from torch.utils.data import DataLoader, TensorDataset

from nnviz.live.lightning import Watch
from tests.live.frameworks.looking import bits, check, examples, looking, network, plain_loop
from tests.live.programs import Hand

pytestmark = pytest.mark.frameworks
N, BATCH = 18, 6


class Classifier(LightningModule):
    """As one writes it; its validation draws nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.net = network()

    def training_step(self, batch: Any, _: int) -> torch.Tensor:
        return F.cross_entropy(self.net(batch[0]), batch[1])

    def validation_step(self, batch: Any, _: int) -> None:
        self.log("val_loss", F.cross_entropy(self.net(batch[0]), batch[1]))

    def configure_optimizers(self) -> Any:
        return SGD(self.parameters(), 0.1, momentum=0.9)


class Two(Classifier):
    """Two optimizers, by hand."""

    def __init__(self) -> None:
        super().__init__()
        self.automatic_optimization = False

    def training_step(self, batch: Any, _: int) -> None:
        first, second = self.optimizers()
        first.zero_grad()
        second.zero_grad()
        self.manual_backward(F.cross_entropy(self.net(batch[0]), batch[1]))
        first.step()
        second.step()

    def configure_optimizers(self) -> Any:
        return SGD(self.net[0].parameters(), 0.1), Adam(self.net[3].parameters(), 0.01)


def fit(model: LightningModule, folder: Path, *callbacks: Watch, resumed: Path | None = None, **asked: Any) -> Trainer:
    inputs, labels = examples(N)
    train = DataLoader(TensorDataset(inputs, labels), BATCH)
    validation = DataLoader(TensorDataset(*examples(12, 2)), BATCH)
    warnings.filterwarnings("ignore", module="lightning")
    trainer = Trainer(
        accelerator="cpu",
        devices=1,
        default_root_dir=folder,
        callbacks=list(callbacks),
        enable_progress_bar=False,
        enable_model_summary=False,
        enable_checkpointing=False,
        logger=False,
        **{"max_epochs": 3, "num_sanity_val_steps": 2, **asked},
    )
    seed_everything(5, verbose=False)
    trainer.fit(model, train, validation, ckpt_path=resumed, weights_only=False)
    return trainer


def batches() -> list[Any]:
    """Of one epoch."""
    inputs, labels = examples(N)
    return [(inputs[k : k + BATCH], labels[k : k + BATCH]) for k in range(0, N, BATCH)]


@pytest.mark.parametrize("passes", [1, 3])
def test_validation_sanity_batches_and_accumulation(passes: int, tmp_path: Path) -> None:
    net = network()
    every = batches() * 3
    steps = [every[k : k + passes] for k in range(0, len(every), passes)]
    hand = plain_loop(net, SGD(net.parameters(), 0.1, momentum=0.9), steps)
    bare, watched, watch = Classifier(), Classifier(), Watch()
    fit(bare, tmp_path, accumulate_grad_batches=passes)
    expected = bits(bare)
    with looking(tmp_path):
        fit(watched, tmp_path, watch, accumulate_grad_batches=passes)
    assert bits(watched) == expected
    check(watch.watching, hand, "net.")


def test_two_optimizers(tmp_path: Path) -> None:
    net = network()
    both = [SGD(net[0].parameters(), 0.1), Adam(net[3].parameters(), 0.01)]
    hand = Hand(net)
    for inputs, labels in batches() * 3:
        net.zero_grad()
        hand.backward(F.cross_entropy(net(inputs), labels))
        hand.step(*both)
    bare, watched, watch = Two(), Two(), Watch()
    fit(bare, tmp_path)
    expected = bits(bare)
    with looking(tmp_path):
        fit(watched, tmp_path, watch)
    assert bits(watched) == expected
    check(watch.watching, hand, "net.")


def test_a_training_that_is_resumed_is_counted_from_there(tmp_path: Path) -> None:
    kept = tmp_path / "kept.ckpt"
    fit(Classifier(), tmp_path, max_epochs=1).save_checkpoint(kept)
    bare, watched, watch = Classifier(), Classifier(), Watch()
    fit(bare, tmp_path, resumed=kept)
    expected = bits(bare)
    with looking(tmp_path):
        trainer = fit(watched, tmp_path, watch, resumed=kept)
    assert bits(watched) == expected
    assert watch.watching is not None
    assert watch.watching.steps == 6
    assert trainer.global_step == 9
    frame = watch.watching._watch.screen.view(None)
    assert frame is not None
    assert any("after 3 steps of its own" in told for told in frame.title.caveats)


@pytest.mark.parametrize("end", [ValueError, KeyboardInterrupt])
def test_an_exception_ends_watching(end: type[BaseException], tmp_path: Path) -> None:
    class Ends(Classifier):
        def training_step(self, batch: Any, number: int) -> torch.Tensor:
            if number == 2:
                raise end
            return super().training_step(batch, number)

    model, watch = Ends(), Watch()
    with looking(tmp_path), pytest.raises((end, SystemExit)):
        fit(model, tmp_path, watch)
    assert watch.watching is not None
    assert watch.watching.steps == 2
    assert list((tmp_path / "nnviz").iterdir()) == []
    assert not any(module._forward_hooks for module in model.modules())
