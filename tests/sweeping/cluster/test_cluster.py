"""A sweep on a Dask cluster of two processes: what it trains, and what becomes of it when a worker is killed."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

distributed = pytest.importorskip("distributed")

from nnviz.errors import InputError  # noqa: E402
from nnviz.headless.sweep import Swept, on_cluster, sweep  # noqa: E402
from nnviz.runs.checkpoint_rule import CheckpointRule  # noqa: E402
from nnviz.runs.trained_network import load_run  # noqa: E402
from nnviz.sweep_options import SweepOptions  # noqa: E402
from nnviz.sweeping.cores import Tell, train_on_cores  # noqa: E402
from nnviz.sweeping.outcome import Outcome  # noqa: E402
from nnviz.sweeping.plan import Plan  # noqa: E402
from nnviz.sweeping.trial import Work  # noqa: E402
from nnviz.training.interruption import Interruption  # noqa: E402
from tests.waiting import wait_for  # noqa: E402

pytestmark = pytest.mark.sweeps

# What a worker does when it starts, as a fault would: `KILLED` names a run that ends its process, `APART` has it see no
# folder of the sweep, and what it reads is noted in the file `READ`.
PRELOAD = """
import os
from nnviz.sweeping import errand, trial

# Dask runs it more than once.
opened = getattr(trial.open_dataset, "opened", trial.open_dataset)
assembled = getattr(trial.assemble, "assembled", trial.assemble)

def noted(experiment, reading):
    with open(os.environ["READ"], "a") as file:
        file.write(f"{os.getpid()}\\n")
    return opened(experiment, reading)

def deadly(experiment, dataset):
    training = experiment.training
    if f"{training.learning_rate} {training.seed}" == os.environ.get("KILLED"):
        os._exit(9)
    return assembled(experiment, dataset)

noted.opened, deadly.assembled = opened, assembled
trial.open_dataset, trial.assemble = noted, deadly
if os.environ.get("APART"):
    errand.sees = lambda _: False
"""


def plan(steps: int, seeds: int = 3) -> Plan:
    tried = {"network": ["dense 3 tanh"], "lr": ["0.01,0.02,0.05,0.1"], "steps": [str(steps)]}
    return SweepOptions(fixed={"source": "xor"}, tried=tried, seeds=seeds).plan()


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., str]]:
    """Starts a scheduler with two workers, each a process with a nanny; returns its address."""
    started = []

    def start(**environment: str) -> str:
        for name, value in {"READ": str(tmp_path / "read"), **environment}.items():
            monkeypatch.setenv(name, value)
        (tmp_path / "preload.py").write_text(PRELOAD)
        local = distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None, preload=[str(tmp_path / "preload.py")]
        )
        started.append(local)
        return str(local.scheduler_address)

    yield start
    for local in started:
        local.close()


def swept(plan: Plan, out: Path, train: Callable[[list[Work], Interruption, Tell], None]) -> Swept:
    return sweep(plan, out, True, CheckpointRule(steps=100), train)  # type: ignore[arg-type]


def states(found: Swept) -> list[str]:
    return [outcome.state for outcome in found.outcomes]


def values(found: Swept) -> list[bytes]:
    return [load_run(found.folder / trial.name).network.parameters.values.tobytes() for trial in found.plan.trials]


def killing_one(
    address: str, after: int, place: Path, killed: list[int]
) -> Callable[[list[Work], Interruption, Tell], None]:
    """Trains on the cluster, and kills a worker in the middle of a run when so many have ended."""
    train, ended = on_cluster(address), []

    def run(works: list[Work], interruption: Interruption, tell: Tell) -> None:
        def hear(message: object) -> None:
            tell(message)  # type: ignore[arg-type]
            if isinstance(message, Outcome):
                ended.append(message)
                if len(ended) == after:
                    wait_for(lambda: [f for f in place.glob("*/checkpoints/step-*") if not over(f.parents[1])])
                    with distributed.Client(address, set_as_default=False) as client:
                        pids = client.run(os.getpid)
                    killed.append(next(iter(pids.values())))
                    os.kill(killed[0], signal.SIGKILL)

        train(works, interruption, hear)

    return run


def over(run: Path) -> bool:
    return (run / "result.json").exists()


def test_a_worker_that_is_killed_changes_no_number(cluster: Callable[..., str], tmp_path: Path) -> None:
    twelve = plan(1500)
    alone = swept(twelve, tmp_path / "alone", lambda works, asked, tell: train_on_cores(works, 2, asked, tell))
    address, killed = cluster(), []
    found = swept(twelve, tmp_path / "many", killing_one(address, 3, tmp_path / "many", killed))
    assert (states(found), found.exit_code) == (["finished"] * 12, 0)
    assert values(found) == values(alone)
    read = (tmp_path / "read").read_text().split()
    # Once in each process; the one that was begun anew may have come too late.
    assert len(read) == len(set(read)) in (2, 3)
    assert killed
    assert killed[0] in map(int, read)
    assert not list((tmp_path / "many").glob(".shared-*"))


def test_a_run_that_always_kills_its_worker_is_told_and_the_others_finish(
    cluster: Callable[..., str], tmp_path: Path
) -> None:
    found = swept(plan(50, seeds=2), tmp_path / "many", on_cluster(cluster(KILLED="0.02 1")))
    assert states(found) == ["finished"] * 3 + ["failed"] + ["finished"] * 4
    assert {o.why for o in found.outcomes if o.state == "failed"} == {
        "its worker died 3 times while it was trained, as when memory runs out"
    }
    assert found.exit_code == 1


def test_workers_that_see_another_disk_send_their_runs(cluster: Callable[..., str], tmp_path: Path) -> None:
    few = plan(600, seeds=1)
    alone = swept(few, tmp_path / "alone", lambda works, asked, tell: train_on_cores(works, 2, asked, tell))
    address = cluster(APART="yes")
    found = swept(few, tmp_path / "many", on_cluster(address))
    assert states(found) == ["finished"] * 4
    assert values(found) == values(alone)
    again = swept(few, tmp_path / "many", on_cluster("tcp://127.0.0.1:9"))
    assert states(again) == ["finished"] * 4, "nobody is asked where there is nothing to be done"


def test_what_is_interrupted_is_kept_and_goes_on(cluster: Callable[..., str], tmp_path: Path) -> None:
    address, long = cluster(), plan(3000, seeds=1)

    def interrupted(works: list[Work], interruption: Interruption, tell: Tell) -> None:
        def hear(message: object) -> None:
            tell(message)  # type: ignore[arg-type]
            interruption.times = 1

        on_cluster(address)(works, interruption, hear)

    found = swept(long, tmp_path / "many", interrupted)
    assert found.exit_code == 130
    assert "interrupted" in states(found)
    assert states(swept(long, tmp_path / "many", on_cluster(address))) == ["finished"] * 4


def test_where_no_scheduler_answers_that_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"--scheduler: tcp://127\.0\.0\.1:9: no Dask scheduler answers there"):
        swept(plan(5), tmp_path / "many", on_cluster("tcp://127.0.0.1:9"))
