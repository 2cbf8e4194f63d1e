"""The Trainer of Hugging Face, watched by the callback, counts as its author counts, and ends in the same bits."""

import gc
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("transformers")
pytest.importorskip("accelerate")

import torch
from torch import nn
from torch.optim import SGD
from transformers import GPT2Config, GPT2LMHeadModel, Trainer, TrainingArguments, set_seed

from nnviz.live.transformers import Watch
from tests.live.frameworks.looking import bits, check, looking
from tests.live.programs import Hand

pytestmark = pytest.mark.frameworks
N, BATCH, LENGTH, TOKENS = 18, 2, 5, 11


def language_model(dropout: float = 0.0) -> nn.Module:
    set_seed(3)
    shares = dict.fromkeys(("resid_pdrop", "embd_pdrop", "attn_pdrop"), dropout)
    sizes = {"n_positions": LENGTH, "n_embd": 8, "n_layer": 1, "n_head": 2, "vocab_size": TOKENS}
    ends = {"bos_token_id": 0, "eos_token_id": 0}
    return GPT2LMHeadModel(GPT2Config(**sizes, **ends, **shares))


def texts(seed: int) -> list[dict[str, torch.Tensor]]:
    rows = torch.randint(0, TOKENS, (N, LENGTH), generator=torch.Generator().manual_seed(seed))
    return [{"input_ids": row, "labels": row} for row in rows]


def train(model: nn.Module, folder: Path, *callbacks: Watch, resumed: str | None = None, **asked: Any) -> Trainer:
    arguments = TrainingArguments(
        output_dir=str(folder),
        use_cpu=True,
        report_to="none",
        disable_tqdm=True,
        per_device_train_batch_size=BATCH,
        train_sampling_strategy="sequential",
        optim="sgd",
        learning_rate=0.1,
        lr_scheduler_type="constant",
        max_grad_norm=0.0,
        **{"num_train_epochs": 1, "save_strategy": "no", "eval_strategy": "steps", "eval_steps": 1, **asked},
    )
    trainer = Trainer(model, arguments, train_dataset=texts(1), eval_dataset=texts(2), callbacks=list(callbacks))
    trainer.train(resume_from_checkpoint=resumed)
    return trainer


def by_hand(model: nn.Module, passes: int) -> Hand:
    """What the Trainer does: the loss of a step is divided by all of its labels."""
    rows = torch.stack([each["labels"] for each in texts(1)])
    optimizer, hand = SGD(model.parameters(), 0.1), Hand(model)
    model.train()
    for first in range(0, N, BATCH * passes):
        optimizer.zero_grad()
        step = rows[first : first + BATCH * passes].split(BATCH)
        # The Trainer counts the first of each row too, which nobody predicts.
        items = sum(batch.numel() for batch in step)
        for batch in step:
            hand.backward(model(input_ids=batch, labels=batch, num_items_in_batch=torch.tensor(items)).loss)
        hand.step(optimizer)
    return hand


@pytest.mark.parametrize("passes", [1, 3])
def test_validation_and_accumulation(passes: int, tmp_path: Path) -> None:
    hand = by_hand(language_model(), passes)
    bare, watched, watch = language_model(), language_model(), Watch(name="language")
    train(bare, tmp_path, gradient_accumulation_steps=passes)
    expected = bits(bare)
    with looking(tmp_path):
        trainer = train(watched, tmp_path, watch, gradient_accumulation_steps=passes)
    assert bits(watched) == expected
    check(watch.watching, hand)
    assert trainer.state.global_step == len(hand.losses)
    assert list((tmp_path / "nnviz").iterdir()) == []


def test_a_training_that_is_resumed_is_counted_from_there(tmp_path: Path) -> None:
    train(language_model(0.2), tmp_path, save_strategy="steps", save_steps=4, max_steps=4)
    kept = str(tmp_path / "checkpoint-4")
    bare, watched, watch = language_model(0.2), language_model(0.2), Watch()
    train(bare, tmp_path, resumed=kept)
    expected = bits(bare)
    with looking(tmp_path):
        trainer = train(watched, tmp_path, watch, resumed=kept)
    assert bits(watched) == expected
    assert watch.watching is not None
    assert (watch.watching.steps, trainer.state.global_step) == (5, 9)
    frame = watch.watching._watch.screen.view(None)
    assert frame is not None
    assert any("after 4 steps of its own" in told for told in frame.title.caveats)


def test_watching_ends_with_a_trainer_that_an_exception_has_ended(tmp_path: Path) -> None:
    class Ends(Trainer):
        def training_step(self, *args: Any, **kwargs: Any) -> torch.Tensor:
            if self.state.global_step == 2:
                raise ValueError
            return super().training_step(*args, **kwargs)

    model = language_model()
    arguments = TrainingArguments(output_dir=str(tmp_path), use_cpu=True, report_to="none", disable_tqdm=True)
    with looking(tmp_path):
        trainer = Ends(model, arguments, train_dataset=texts(1), callbacks=[Watch()])
        with pytest.raises(ValueError, match=r"^$"):
            trainer.train()
        assert len(list((tmp_path / "nnviz").iterdir())) == 1
        del trainer
        gc.collect()
    assert list((tmp_path / "nnviz").iterdir()) == []
    assert not any(module._forward_hooks for module in model.modules())
