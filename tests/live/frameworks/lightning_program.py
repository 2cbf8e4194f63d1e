"""A training of Lightning in two processes: `lightning_program.py FOLDER watched|bare STRATEGY`."""

import sys
import warnings
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch import Callback, LightningModule, Trainer, seed_everything
from torch.nn import functional as F  # noqa: N812
from torch.optim import SGD
from torch.utils.data import DataLoader, TensorDataset

from nnviz.live.lightning import Watch
from tests.live.frameworks.looking import Batch, examples, looking, network
from tests.live.frameworks.one_of_two import gradients_of, tell

# An odd number of steps: of those, the last one is looked at.
N, BATCH, EPOCHS = 24, 4, 3
STEPS = EPOCHS * N // BATCH // 2


class Classifier(LightningModule):
    def __init__(self) -> None:
        super().__init__()
        self.net = network()
        self.losses: list[float] = []

    def training_step(self, batch: Batch, number: int) -> torch.Tensor:  # noqa: ARG002
        loss = F.cross_entropy(self.net(batch[0]), batch[1])
        self.losses.append(loss.item())
        return loss

    def configure_optimizers(self) -> SGD:
        return SGD(self.parameters(), 0.1)


class Tells(Callback):
    """Comes after the one that watches."""

    def __init__(self, folder: Path, watch: Watch | None) -> None:
        self.folder, self.watch = folder, watch

    def setup(self, *_: Any, **__: Any) -> None:
        """In the process that trains, wherever that was made."""
        self.looks = ExitStack()
        self.looks.enter_context(looking(self.folder))

    def teardown(self, *_: Any, **__: Any) -> None:
        self.looks.close()

    def on_train_batch_end(self, trainer: Trainer, pl_module: Any, *_: Any) -> None:
        if trainer.global_step == STEPS:
            watching = None if self.watch is None else self.watch.watching
            tell(self.folder, pl_module, watching, pl_module.losses, gradients_of(trainer.model))


def main() -> None:
    folder, is_watched, strategy = Path(sys.argv[1]), sys.argv[2] == "watched", sys.argv[3]
    warnings.filterwarnings("ignore", module="lightning")
    watch = Watch(port=0, out=folder / "run") if is_watched else None
    trainer = Trainer(
        accelerator="cpu",
        devices=2,
        strategy=strategy,
        max_epochs=EPOCHS,
        default_root_dir=folder,
        callbacks=[*([watch] if watch else []), Tells(folder, watch)],
        enable_progress_bar=False,
        enable_model_summary=False,
        enable_checkpointing=False,
        logger=False,
    )
    seed_everything(5, verbose=False)
    trainer.fit(Classifier(), DataLoader(TensorDataset(*examples(N)), BATCH))


if __name__ == "__main__":
    main()
