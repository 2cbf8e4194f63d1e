"""A training of Hugging Face's Trainer in two processes, by torchrun: `transformers_program.py FOLDER watched|bare`."""

import sys
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from transformers import (
    GPT2Config,
    GPT2LMHeadModel,
    Trainer,
    TrainerCallback,
    TrainingArguments,
    set_seed,
)

from nnviz.live.transformers import Watch
from tests.live.frameworks.looking import looking
from tests.live.frameworks.one_of_two import gradients_of, tell

# An odd number of steps: of those, the last one is looked at.
STEPS, BATCH, LENGTH, TOKENS = 5, 2, 5, 11


class Recorded(Trainer):
    losses: list[float]

    def training_step(self, *args: Any, **kwargs: Any) -> Tensor:
        loss = super().training_step(*args, **kwargs)
        self.losses.append(loss.item())
        return loss


class Tells(TrainerCallback):
    """Comes after the one that watches."""

    def __init__(self, folder: Path, watch: Watch | None) -> None:
        self.folder, self.watch = folder, watch
        self.losses: list[float] = []
        self.gradients: dict[str, Tensor] = {}

    def on_optimizer_step(self, *_: Any, **given: Any) -> None:
        self.gradients = gradients_of(given["model"])

    def on_step_end(self, args: Any, state: Any, control: Any, model: nn.Module, **_: Any) -> None:  # noqa: ARG002
        if state.global_step == STEPS:
            tell(self.folder, model, self.watch and self.watch.watching, self.losses, self.gradients)


def main() -> None:
    folder, is_watched = Path(sys.argv[1]), sys.argv[2] == "watched"
    set_seed(3)
    sizes = {"n_positions": LENGTH, "n_embd": 8, "n_layer": 1, "n_head": 2, "vocab_size": TOKENS}
    model = GPT2LMHeadModel(GPT2Config(**sizes, bos_token_id=0, eos_token_id=0))
    rows = torch.randint(0, TOKENS, (2 * BATCH * STEPS, LENGTH), generator=torch.Generator().manual_seed(1))
    watch = Watch(port=0, out=folder / "run") if is_watched else None
    tells = Tells(folder, watch)
    arguments = TrainingArguments(
        output_dir=str(folder / "trainer"),
        use_cpu=True,
        ddp_backend="gloo",
        report_to="none",
        disable_tqdm=True,
        per_device_train_batch_size=BATCH,
        optim="sgd",
        learning_rate=0.1,
        max_steps=STEPS,
        save_strategy="no",
    )
    trainer = Recorded(
        model,
        arguments,
        train_dataset=[{"input_ids": row, "labels": row} for row in rows],
        callbacks=[*([watch] if watch else []), tells],
    )
    trainer.losses = tells.losses
    with looking(folder):
        trainer.train()


if __name__ == "__main__":
    main()
