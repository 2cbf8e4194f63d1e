"""The real tools write known curves. Run by the Python of an environment that has them, which needs no nnviz.

`python real_tools.py TOOL FOLDER` writes a step for each line of its input and finishes at the end of it: after each
line it says `ready`. `python real_tools.py made` makes what is in `made/` anew.
"""

import importlib.metadata
import logging
import math
import os
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

STEPS = 20
HERE = Path(__file__).parent / "made"


def loss(step: int) -> float:
    """The curve `train/loss`."""
    return 1 / (step + 1)


def odd(step: int) -> float:
    """The curve `odd`, which has no number."""
    return (math.nan, math.inf, -math.inf)[step % 3]


Ticks = Iterable[int]
"""Steps, each when it is wanted."""


def torch(folder: Path, steps: Ticks) -> None:
    """PyTorch's SummaryWriter, in all of its ways."""
    from torch.utils.tensorboard import SummaryWriter

    with SummaryWriter(str(folder), flush_secs=3600) as writer:
        for step in steps:
            writer.add_scalar("train/loss", loss(step), step)
            writer.add_scalar("odd", odd(step), step)
            writer.add_scalar("new", step, step, new_style=True)
            writer.add_scalar("double", 0.1 * step, step, new_style=True, double_precision=True)
            writer.add_scalars("a/b", {"train": step, "val": -step, "other": 2 * step}, step)
            writer.add_text("text", "a text", step)
        writer.add_hparams({"lr": 0.1}, {"hp": 2.0}, run_name="hparams")


def tensorboard(folder: Path, steps: Ticks) -> None:
    """TensorBoard's own writer, which writes tensors."""
    from tensorboard.summary import Writer

    writer = Writer(str(folder))
    for step in steps:
        writer.add_scalar("train/loss", loss(step), step)
        writer.add_scalar("odd", odd(step), step)
        writer.flush()
    writer.close()


def tensorboardx(folder: Path, steps: Ticks) -> None:
    """tensorboardX, which holds its values back until there are 8 KiB."""
    from tensorboardX import SummaryWriter

    with SummaryWriter(str(folder)) as writer:
        for step in steps:
            writer.add_scalar("train/loss", loss(step), step)
            writer.add_scalar("odd", odd(step), step)


def wandb(folder: Path, steps: Ticks) -> None:
    """W&B without its server."""
    import wandb as tool

    quiet = tool.Settings(
        x_disable_stats=True,
        x_disable_meta=True,
        x_disable_machine_info=True,
        disable_git=True,
        disable_code=True,
        console="off",
        host="host",
        silent=True,
    )
    run = tool.init(
        project="p", name="a run", mode="offline", dir=str(folder), config={"lr": 0.1, "net": {"h": 3}}, settings=quiet
    )
    for step in steps:
        run.log({"train/loss": loss(step), "odd": odd(step), "a": {"b": step}, "true": True, "text": "a"})
    run.log({"histogram": tool.Histogram([1, 2, 3])})
    run.finish()


def trackio(folder: Path, steps: Ticks) -> None:
    """trackio; two runs of one name."""
    os.environ["TRACKIO_DIR"] = str(folder)
    import trackio as tool

    with open(os.devnull, "w", encoding="utf-8") as nowhere:
        told, sys.stdout = sys.stdout, nowhere
        tool.init(project="a project", name="a run", config={"lr": 0.1}, auto_log_cpu=False, auto_log_gpu=False)
        for step in steps:
            tool.log({"train/loss": loss(step), "odd": odd(step), "a": {"b": step}}, step=step)
            sys.stdout = nowhere
        tool.finish()
        sys.stdout = told


def mlflow(folder: Path, steps: Ticks) -> None:
    """MLflow's database."""
    _mlflow(f"sqlite:///{folder}/mlflow.db", folder, steps)


def mlruns(folder: Path, steps: Ticks) -> None:
    """MLflow's folder of files."""
    os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"
    _mlflow(f"file://{folder}/mlruns", folder, steps)


def _mlflow(store: str, folder: Path, steps: Ticks) -> None:
    import mlflow as tool

    tool.set_tracking_uri(store)
    tool.set_experiment(experiment_id=tool.create_experiment("e", artifact_location=f"file://{folder}/artifacts"))
    with tool.start_run(run_name="a run"):
        tool.log_param("lr", 0.1)
        for step in steps:
            tool.log_metric("train/loss", loss(step), step=step)
            tool.log_metric("odd", odd(step), step=step)
            tool.log_metric("no step", step)


def lightning(folder: Path, steps: Ticks) -> None:
    """Lightning's CSVLogger, in the order in which a training calls it."""
    from lightning.pytorch.loggers import CSVLogger

    logger = CSVLogger(str(folder), flush_logs_every_n_steps=1)
    for step in steps:
        logger.log_metrics({"train/loss": loss(step), "odd": odd(step), "epoch": step // 5}, step)
        if step % 5 == 4:
            logger.log_metrics({"val_loss": loss(step) / 2, "epoch": step // 5}, step)
        logger.save()
    logger.finalize("success")


def keras(folder: Path, steps: Ticks) -> None:
    """Keras's CSVLogger, in the order in which a training calls it."""
    os.environ["KERAS_BACKEND"] = "torch"
    from keras.callbacks import CSVLogger
    from keras.models import Sequential

    logger = CSVLogger(str(folder / "training.csv"))
    logger.set_model(Sequential())
    logger.model.stop_training = False
    logger.on_train_begin()
    for step in steps:
        values = {"loss": loss(step), "odd": odd(step)}
        logger.on_epoch_end(step, values | ({"val_loss": loss(step) / 2} if step % 2 == 0 else {}))
    logger.on_train_end()


def transformers(folder: Path, steps: Ticks) -> None:
    """Hugging Face's Trainer on a model whose loss is NaN from its tenth step on."""
    import torch as pytorch
    from transformers import Trainer, TrainerCallback, TrainingArguments

    class Model(pytorch.nn.Module):
        """One weight."""

        def __init__(self) -> None:
            super().__init__()
            self.weight = pytorch.nn.Parameter(pytorch.ones(1))
            self.calls = 0

        def forward(self, x: pytorch.Tensor) -> dict[str, pytorch.Tensor]:
            """The weight squared, or NaN."""
            self.calls += 1
            return {"loss": (self.weight * x.mean()).square().sum() * (math.nan if self.calls > 9 else 1.0)}

    ticks = iter(steps)

    class Waiting(TrainerCallback):
        """A step when it is wanted."""

        def on_step_begin(self, *_: object, **__: object) -> None:
            """Wait."""
            next(ticks, None)

    wanted = TrainingArguments(
        str(folder), max_steps=STEPS, logging_steps=1, save_steps=5, report_to=[], disable_tqdm=True, use_cpu=True,
        per_device_train_batch_size=1, save_only_model=True,
    )  # fmt: skip
    data = [{"x": pytorch.ones(1)}] * STEPS
    Trainer(model=Model(), args=wanted, train_dataset=data, callbacks=[Waiting()]).train()
    for _ in ticks:
        pass


TOOLS: dict[str, Callable[[Path, Ticks], None]] = {
    "torch": torch,
    "tensorboard": tensorboard,
    "tensorboardX": tensorboardx,
    "wandb": wandb,
    "trackio": trackio,
    "mlflow-skinny": mlflow,
    "mlruns": mlruns,
    "lightning": lightning,
    "keras": keras,
    "transformers": transformers,
}
KEPT = ("*tfevents*", "*.wandb", "metrics.csv", "training.csv", "trainer_state.json", "*.sql")
"""Of what a tool writes, what its reader needs."""


def wanted() -> Iterator[int]:
    """A step for each line of the input, and a word when it was written."""
    for step, _ in enumerate(sys.stdin):
        yield step
        # Some tools print: what they do is sent elsewhere.
        print("ready", file=sys.__stdout__, flush=True)


def make() -> None:
    """Write `made/` anew: small files that the real tools wrote, without what is this machine's."""
    shutil.rmtree(HERE, ignore_errors=True)
    for name, tool in TOOLS.items():
        if name == "mlruns":
            continue
        with tempfile.TemporaryDirectory() as spare:
            tool(Path(spare), range(STEPS))
            for path in sorted(Path(spare).rglob("*.db")):
                # MLflow also notes the folder that it was started in.
                statements = _dumped(path).replace(spare, "/somewhere").replace(str(Path.cwd()), "file:///somewhere")
                path.with_suffix(".sql").write_text(statements, "utf-8")
            place = HERE / f"{name}-{importlib.metadata.version(name)}"
            for path in sorted(path for pattern in KEPT for path in Path(spare).rglob(pattern)):
                kept = place / _without_host(path.relative_to(spare))
                kept.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, kept)


def _without_host(path: Path) -> Path:
    """Event files are called after the machine and the process."""
    if "tfevents" not in path.name:
        return path
    number = path.name.rsplit(".", 1)[-1]
    return path.with_name(".".join([*path.name.split(".")[:4], "host", *([number] if number.isdigit() else [])]))


def _dumped(path: Path) -> str:
    """The tables that a reader needs, as statements."""
    needed = ("metrics", "runs", "params", "experiments", "configs")
    with sqlite3.connect(path) as database:
        database.text_factory = lambda text: text.decode("utf-8", "replace")
        lines = list(database.iterdump())
    kept = [line for line in lines if any(f"{word} \"{name}\"" in line or f"{word} {name} " in line
            for name in needed for word in ("TABLE", "INTO"))]  # fmt: skip
    return "\n".join(line.replace("'root'", "'user'") for line in kept) + "\n"


if __name__ == "__main__":
    logging.disable(logging.WARNING)
    if sys.argv[1] == "made":
        make()
    else:
        TOOLS[sys.argv[1]](Path(sys.argv[2]), wanted())
