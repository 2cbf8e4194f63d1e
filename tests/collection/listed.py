"""Runs of a list, as the tests of the collection make them."""

import json
from pathlib import Path

import numpy as np

from nnviz.collection.listed_run import ListedRun
from nnviz.frame.series import Series


def series(values: list[float], name: str = "loss", split: str = "validation") -> Series:
    """A curve with these values, at steps from 0."""
    made = Series(name, name, split)
    made.extend(np.arange(float(len(values))), np.array(values, float))
    return made


def listed(name: str, *curves: Series, settings: dict[str, str] | None = None, **facts: object) -> ListedRun:
    """A run."""
    main = curves[0] if curves else None
    run = ListedRun(
        place=Path(name),
        name=name,
        by="nnviz",
        source="pets",
        network="dense 64 relu",
        state="finished",
        curves=curves,
        main=main,
        best=main.lowest if main else None,
        settings=settings or {},
        notes=(),
        axis="step",
        size=10,
        written=0.0,
        started=None,
    )
    return run._replace(**facts)


def trained(place: Path, losses: list[float], rate: float = 0.1, **settings: str) -> Path:
    """The directory of a run of nnviz, as far as a list reads it."""
    place.mkdir(parents=True)
    extra = "".join(f'{key} = "{value}"\n' for key, value in settings.items())
    text = f'[data]\nsource = "pets"\n[network]\nlayers = "dense 8 relu"\n[training]\nlearning_rate = {rate}\n{extra}'
    (place / "experiment.toml").write_text(text, "utf-8")
    append(place, losses)
    return place


def append(place: Path, losses: list[float]) -> None:
    """More evaluations of it."""
    path = place / "metrics.jsonl"
    before = len(path.read_text("utf-8").splitlines()) if path.exists() else 0
    with path.open("a", encoding="utf-8") as file:
        for epoch, loss in enumerate(losses, before + 1):
            line = {"step": 10 * epoch, "epoch": epoch, "split": "validation", "loss": loss, "seconds": 0.5 * epoch}
            file.write(json.dumps(line) + "\n")
