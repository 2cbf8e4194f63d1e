"""The package pytorch_lightning is watched as lightning is, and without it."""

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("pytorch_lightning")

import torch
from pytorch_lightning import LightningModule, Trainer, seed_everything
from torch.nn import functional as F  # noqa: N812
from torch.optim import SGD
from torch.utils.data import DataLoader, TensorDataset

from nnviz.live.pytorch_lightning import Watch
from tests.live.frameworks.looking import Batch, bits, check, examples, looking, network, plain_loop

pytestmark = pytest.mark.frameworks
N, BATCH = 18, 6


class Classifier(LightningModule):
    def __init__(self) -> None:
        super().__init__()
        self.net = network()

    def training_step(self, batch: Batch, number: int) -> torch.Tensor:  # noqa: ARG002
        return F.cross_entropy(self.net(batch[0]), batch[1])

    def configure_optimizers(self) -> SGD:
        return SGD(self.parameters(), 0.1, momentum=0.9)


def fit(model: LightningModule, folder: Path, callbacks: list[Watch] | Watch) -> None:
    quiet = {"enable_progress_bar": False, "enable_model_summary": False, "enable_checkpointing": False}
    trainer = Trainer(
        accelerator="cpu", devices=1, default_root_dir=folder, callbacks=callbacks, max_epochs=3, logger=False, **quiet
    )
    seed_everything(5, verbose=False)
    trainer.fit(model, DataLoader(TensorDataset(*examples(N)), BATCH))


@pytest.mark.parametrize("is_listed", [True, False])
def test_losses_gradients_and_updates(is_listed: bool, tmp_path: Path) -> None:
    """Trainer takes a callback, or a list of them."""
    net = network()
    inputs, labels = examples(N)
    steps = [[(inputs[k : k + BATCH], labels[k : k + BATCH])] for k in range(0, N, BATCH)] * 3
    hand = plain_loop(net, SGD(net.parameters(), 0.1, momentum=0.9), steps)
    bare, watched, watch = Classifier(), Classifier(), Watch()
    fit(bare, tmp_path, [])
    expected = bits(bare)
    with looking(tmp_path):
        fit(watched, tmp_path, [watch] if is_listed else watch)
    assert bits(watched) == expected
    check(watch.watching, hand, "net.")
    assert list((tmp_path / "nnviz").iterdir()) == []


def test_an_exception_ends_watching(tmp_path: Path) -> None:
    class Ends(Classifier):
        def training_step(self, batch: Batch, number: int) -> torch.Tensor:
            if number == 2:
                raise ValueError
            return super().training_step(batch, number)

    watch = Watch()
    with looking(tmp_path), pytest.raises(ValueError, match=r"^$"):
        fit(Ends(), tmp_path, watch)
    assert watch.watching is not None
    assert watch.watching.steps == 2
    assert list((tmp_path / "nnviz").iterdir()) == []


def test_each_package_needs_no_other_one() -> None:
    for own, other in (("lightning", "pytorch_lightning"), ("pytorch_lightning", "lightning")):
        code = f"import sys; sys.modules['{other}'] = None; import nnviz.live.{own}"
        subprocess.run([sys.executable, "-c", code], check=True)
