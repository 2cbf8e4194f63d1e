"""The process that reads image files and says how long it took, and how much memory: JSON on stdout.

`python -m benchmarks.decoding_process QUESTION FOLDER`, where QUESTION is one of `QUESTIONS` below.
"""

import json
import re
import resource
import sys
import time
from pathlib import Path
from threading import Event, Thread
from typing import Any

import numpy as np

SIZE = 64
STEPS = 50
EVERY = 0.005


def _files(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.*"))


def nnviz(folder: Path) -> dict[str, Any]:
    """As `nnviz train` opens a folder, with its cache."""
    import PIL.Image  # noqa: F401 - loaded before, as for the others

    from nnviz.experiment import combine
    from nnviz.training.assembly import open_dataset

    experiment = combine({"data": {"source": str(folder), "image_size": SIZE}})
    begin = time.perf_counter()
    dataset = open_dataset(experiment)
    seconds = time.perf_counter() - begin
    return {"images": len(dataset.train) + len(dataset.validation) + len(dataset.test), "seconds": seconds}


def plain(folder: Path) -> dict[str, Any]:
    """A loop as anybody would write it."""
    from PIL import Image

    begin = time.perf_counter()
    images = []
    for path in _files(folder):
        with Image.open(path) as image:
            images.append(np.asarray(image.convert("RGB").resize((SIZE, SIZE))))
    stacked = np.stack(images)
    return {"images": len(stacked), "seconds": time.perf_counter() - begin}


def torch(folder: Path) -> dict[str, Any]:
    """A data set and a loader as people write them, without torchvision."""
    from torch.utils.data import DataLoader

    from benchmarks.torch_photographs import Photographs

    begin = time.perf_counter()
    images = 0
    for inputs, _ in DataLoader(Photographs(folder, SIZE), batch_size=64, shuffle=True, num_workers=2):
        images += len(inputs)
    return {"images": images, "seconds": time.perf_counter() - begin}


def train(folder: Path, cached: bool = True) -> dict[str, Any]:
    """Open a folder, train for some steps, and tell the peaks of memory in bytes."""
    from nnviz.data import suggestions
    from nnviz.data.reading import Reading
    from nnviz.experiment import combine
    from nnviz.training.assembly import assemble, open_dataset
    from nnviz.training.process import prepare_process

    prepare_process()
    experiment = combine(suggestions.FOR_IMAGES, {"data": {"source": str(folder), "image_size": SIZE}})
    with _Own() as own:
        begin = time.perf_counter()
        dataset = open_dataset(experiment, Reading(cached))
        seconds = time.perf_counter() - begin
        trainer = assemble(experiment, dataset)
        for _ in range(STEPS):
            trainer.step()
    helper = 1024 * resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return {"seconds": seconds, "own": own.most, "resident": _status("VmHWM"), "helper": helper}


def train_uncached(folder: Path) -> dict[str, Any]:
    """The same with `--no-cache`."""
    return train(folder, cached=False)


class _Own:
    """Watches how much memory is this process's own: neither a file's nor shared."""

    def __enter__(self) -> "_Own":
        self.most = 0
        self._over = Event()
        self._thread = Thread(target=self._watch)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(EVERY):
            self.most = max(self.most, _status("RssAnon"))


def _status(name: str) -> int:
    """A number of bytes that Linux knows of this process."""
    found = re.search(rf"^{name}:\s*(\d+) kB", Path("/proc/self/status").read_text(encoding="ascii"), re.MULTILINE)
    assert found is not None
    return 1024 * int(found[1])


QUESTIONS = {question.__name__: question for question in (nnviz, plain, torch, train, train_uncached)}

if __name__ == "__main__":
    print(json.dumps(QUESTIONS[sys.argv[1]](Path(sys.argv[2]))))
