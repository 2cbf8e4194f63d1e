"""The runs of a sweep on a Dask cluster: the scheduler hands them to its workers, and those of a dead one to others."""

import contextlib
import io
import logging
import queue
import secrets
import shutil
import warnings
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec
from distributed import Client, Event, Future
from msgspec.structs import replace

from nnviz.errors import InputError
from nnviz.sweeping.cores import LOOK_SECONDS, Tell
from nnviz.sweeping.errand import Brought, Errand, carry_out
from nnviz.sweeping.outcome import FAILED, Outcome, Standing
from nnviz.sweeping.trial import Work
from nnviz.training.interruption import Interruption
from nnviz.training.stopping import INTERRUPTED

ANSWER_SECONDS = 10
MARK = ".shared-"


def train_on_cluster(
    address: str, works: Sequence[Work], interruption: Interruption, tell: Tell, say: Callable[[str], None]
) -> None:
    """Train all on the workers of the scheduler at `address`; `tell` hears how each stands, and how it ended.

    A worker that dies takes no run with it: where the sweep's folder is shared, another one goes on from the last
    checkpoint, else it begins again. When `interruption` is asked, those that are trained keep their runs; once more,
    and nobody waits for that. `say` hears what there is to know of the cluster.

    Raises InputError if no scheduler answers.
    """
    sweep = f"nnviz-{secrets.token_hex(8)}"
    with _connected(address) as client, _marked(works[0].path.resolve().parent, sweep) as mark:
        workers = len(client.scheduler_info(n_workers=-1)["workers"])
        if not workers:
            say(f"{address}: no worker is there yet; the runs wait for one")
        heard: queue.SimpleQueue[Standing | Future] = queue.SimpleQueue()
        client.subscribe_topic(sweep, lambda event: heard.put(msgspec.convert(event[1], Standing)))
        # Futures that nobody keeps are not run; equal calls would be one, so each has a key of its own.
        pending: dict[str, tuple[Future, Work]] = {}
        for work in works:
            errand = Errand(replace(work, path=work.path.resolve()), mark, sweep)
            future = client.submit(carry_out, errand, key=f"{sweep}-{work.name}", pure=False)
            pending[future.key] = future, work
            future.add_done_callback(heard.put)
        _hear(client, pending, heard, Event(sweep, client=client), interruption, tell)
        client.unsubscribe_topic(sweep)


def _hear(
    client: Client,
    pending: dict[str, tuple[Future, Work]],
    heard: "queue.SimpleQueue[Standing | Future]",
    stop: Event,
    interruption: Interruption,
    tell: Tell,
) -> None:
    asked = 0
    while pending:
        if interruption.times > asked:
            asked = interruption.times
            if asked > 1:
                break
            # What is not begun yet ends as soon as it is; a task that is being carried out cannot be cancelled.
            stop.set()
        try:
            message = heard.get(timeout=LOOK_SECONDS)
        except queue.Empty:
            continue
        if isinstance(message, Standing):
            tell(message)
        elif message.key in pending:
            future, work = pending.pop(message.key)
            tell(_outcome(future, work))
    for _, work in pending.values():
        tell(Outcome(work.name, INTERRUPTED, "left on the cluster", 130))
    client.cancel([future for future, _ in pending.values()])


def _outcome(future: Future, work: Work) -> Outcome:
    try:
        brought = future.result()
    except Exception as error:  # of Dask, of the worker, or of what it lacks
        return Outcome(work.name, FAILED, _why(error), 1)
    if not isinstance(brought, Brought):
        return Outcome(work.name, FAILED, "its worker has another version of nnviz", 1)
    if brought.files is not None:
        try:
            _unpack(brought, work.path)
        except OSError as error:
            return Outcome(work.name, FAILED, f"{work.path}: cannot be written ({error.strerror})", 1)
    return brought.outcome


def _why(error: Exception) -> str:
    from nnviz.fault import fault_words

    name = type(error).__name__
    if name == "KilledWorker":
        return "its worker died again and again while it was trained, as when memory runs out"
    if name in ("CancelledError", "FutureCancelledError"):
        return "the cluster is gone; the same command goes on with it"
    if isinstance(error, ImportError) or "deserializ" in str(error):
        return f"its worker lacks what it needs, which is nnviz-tui[dask] of this version ({fault_words(error)})"
    return f"its worker failed ({fault_words(error)})"


def _unpack(brought: Brought, run: Path) -> None:
    """Put the files of a run into its place. One that was only begun does not take the place of another."""
    if run.exists():
        if brought.outcome.state == INTERRUPTED:
            return
        shutil.rmtree(run)
    assert brought.files is not None
    with zipfile.ZipFile(io.BytesIO(brought.files)) as archive:
        archive.extractall(run)


@contextlib.contextmanager
def _connected(address: str) -> Iterator[Client]:
    # Dask would tell all that it tries in lines of its own.
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            client = Client(address, timeout=ANSWER_SECONDS, set_as_default=False)
        except (OSError, ValueError) as error:
            said = " ".join(str(error).split()) or type(error).__name__
            raise InputError(f"--scheduler: {address}: no Dask scheduler answers there ({said})") from None
    try:
        yield client
    finally:
        with contextlib.suppress(Exception):
            client.close(timeout=ANSWER_SECONDS)


@contextlib.contextmanager
def _marked(folder: Path, sweep: str) -> Iterator[Path]:
    """A file in the folder by which a worker knows that it sees the same one."""
    mark = folder / f"{MARK}{sweep}"
    mark.write_text(sweep)
    try:
        yield mark
    finally:
        with contextlib.suppress(OSError):
            mark.unlink()
