"""One run of a sweep on a worker of a Dask cluster: what the worker is handed, does, and hands back."""

import contextlib
import io
import shutil
import tempfile
import threading
import zipfile
from pathlib import Path

import msgspec
from distributed import Client, Event, get_client, get_worker
from msgspec.structs import replace

from nnviz.runs.claim import LOCK
from nnviz.sweeping.outcome import FAILED, Outcome, Standing, standing_outcome
from nnviz.sweeping.trial import Datasets, Work, train_trial
from nnviz.training.interruption import Interruption
from nnviz.training.process import prepare_process
from nnviz.whole_file import DRAFT

MOST_DEATHS = 3
LOOK_SECONDS = 0.5
DATASETS = Datasets()
"""Of this process: what one run has read, the next one does not read again."""


class Errand(msgspec.Struct, frozen=True):
    """What a worker is to do.

    mark   a file in the sweep's folder that holds `sweep`: a worker that finds it there sees the same folder
    sweep  what tells this call of the command from all others; the events and topics on the scheduler are called by it
    """

    work: Work
    mark: Path
    sweep: str


class Brought(msgspec.Struct, frozen=True):
    """What comes back: how the run ended, and its files in a ZIP file where nobody else sees them."""

    outcome: Outcome
    files: bytes | None = None


def carry_out(errand: Errand) -> Brought:
    """Train the run where its directory is shared, from its last checkpoint if it was begun; else in one of its own.

    A run whose worker has died three times while it was trained is not begun a fourth time.
    """
    work = errand.work
    is_shared = sees(errand)
    # Dask asks again for what had come to its end, if its worker is gone.
    if is_shared and (over := standing_outcome(work.name, work.path)) is not None:
        return Brought(over)
    client = get_client()
    if _begun_before(client, errand) >= MOST_DEATHS:
        why = f"its worker died {MOST_DEATHS} times while it was trained, as when memory runs out"
        return Brought(Outcome(work.name, FAILED, why, 1))
    if is_shared:
        return Brought(_train(work, client, errand))
    place = Path(tempfile.mkdtemp(prefix="nnviz-sweep-"))
    try:
        # The median rule has nothing to look at there.
        outcome = _train(replace(work, path=place / work.name), client, errand)
        return Brought(outcome, _packed(place / work.name))
    finally:
        shutil.rmtree(place, ignore_errors=True)


def sees(errand: Errand) -> bool:
    """Whether this worker sees the sweep's folder."""
    with contextlib.suppress(OSError):
        return errand.mark.read_text() == errand.sweep
    return False


def _begun_before(client: Client, errand: Errand) -> int:
    """How often the run was begun before, by any worker; this time is noted."""
    topic = f"{errand.sweep}-begun"
    before: int = sum(name == errand.work.name for _, name in client.get_events(topic))
    client.log_event(topic, errand.work.name)
    return before


def _train(work: Work, client: Client, errand: Errand) -> Outcome:
    # In each thread: what NumPy says of overflows is set for a thread alone.
    prepare_process()
    interruption, is_over = Interruption(), threading.Event()
    stop = Event(errand.sweep, client=client)
    watching = threading.Thread(target=_watch, args=(stop, interruption, is_over), daemon=True)
    watching.start()
    try:
        return train_trial(work, DATASETS, interruption, lambda standing: _tell(errand, standing))
    finally:
        is_over.set()
        watching.join()


def _watch(stop: Event, interruption: Interruption, is_over: threading.Event) -> None:
    # A scheduler that is gone takes the worker with it.
    with contextlib.suppress(Exception):
        while not is_over.wait(LOOK_SECONDS):
            if stop.is_set():
                interruption.ask()
                return


def _tell(errand: Errand, standing: Standing) -> None:
    get_worker().log_event(errand.sweep, msgspec.to_builtins(standing))


def _packed(run: Path) -> bytes | None:
    """The files of a run; None where there are none."""
    files = [path for path in sorted(run.rglob("*")) if path.is_file() and path.name != LOCK and path.suffix != DRAFT]
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in files:
            archive.write(path, path.relative_to(run))
    return content.getvalue() if files else None
