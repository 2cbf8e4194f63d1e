"""A network that memory cannot hold is refused before it is built."""

import os
import resource
from pathlib import Path

import pytest

from nnviz.errors import InputError
from nnviz.training import assembly
from nnviz.training.memory import available_bytes

UNLIMITED = resource.RLIM_INFINITY, resource.RLIM_INFINITY
PAGE = os.sysconf("SC_PAGE_SIZE")


@pytest.mark.parametrize(("optimizer", "copies"), [("sgd", 10), ("adam", 14)])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_network_larger_than_memory_is_refused_in_one_line(make_trainer, monkeypatch, optimizer, copies, dtype):
    settings = {"layers": "dense 1000 tanh", "optimizer": optimizer, "dtype": dtype}
    trainer = make_trainer(**settings)
    trainer.step()
    # The oracle: what is there after a step.
    parameters = trainer.network.parameters.size
    made = [getattr(layer, name, None) for layer in trainer.network.layers for name in ("_y", "_grad_x")]
    batch = sum(array.size for array in made if array is not None)
    assert batch == 8 * (1000 + 2 * 1000 + 1000 + 3)
    needed = (parameters * copies + batch) * trainer.network.dtype.itemsize
    monkeypatch.setattr(assembly, "available_bytes", lambda: needed)
    make_trainer(**settings)
    monkeypatch.setattr(assembly, "available_bytes", lambda: needed - 1)
    with pytest.raises(InputError) as refused:
        make_trainer(**settings)
    assert str(refused.value) == (
        f"network: its 10,003 parameters, and what a batch of 8 fills, would take {needed // 2**20 + 1} MB to train, "
        f"and there are {needed // 2**20} MB of memory; give it fewer units, or a smaller --batch-size"
    )


def test_a_huge_network_is_never_begun(make_trainer):
    with pytest.raises(InputError, match=r"network: its [\d,]+ parameters, .* would take [\d,]+ MB to train"):
        make_trainer(layers=", ".join(["dense 65536"] * 40))


def test_a_batch_that_memory_cannot_hold_is_refused(make_picture_trainer, monkeypatch):
    # Few weights, but maps as large as the pictures.
    layers, maps = "conv 64 1x1, relu, flatten, dense 1", 9 * 8 * 64
    numbers = maps + 2 * maps + (maps + 1) + (1 + 2)
    parameters = 3 * 64 + 64 + maps + 1 + 4
    needed = (10 * parameters + 8 * numbers) * 4
    monkeypatch.setattr(assembly, "available_bytes", lambda: needed)
    make_picture_trainer(layers=layers)
    monkeypatch.setattr(assembly, "available_bytes", lambda: needed - 1)
    with pytest.raises(InputError, match="what a batch of 8 fills"):
        make_picture_trainer(layers=layers)


def machine(folder: Path, files: dict[str, str]) -> Path:
    """A directory with these files for proc and sys."""
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    return folder


GIB = 1 << 30
MINE = "sys/fs/cgroup/user.slice/mine.scope/memory.max"
MACHINES = {
    "nothing": ({}, 64 * GIB),
    "unlimited": ({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "max\n"}, 64 * GIB),
    "a container": ({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": f"{3 * GIB}\n"}, 3 * GIB),
    "a group of its own": ({"proc/self/cgroup": "0::/user.slice/mine.scope\n", MINE: f"{2 * GIB}\n"}, 2 * GIB),
    "a group above": (
        {
            "proc/self/cgroup": "0::/user.slice/mine.scope\n",
            MINE: "max\n",
            "sys/fs/cgroup/user.slice/memory.max": f"{GIB}\n",
        },
        GIB,
    ),
    "another's group": ({"proc/self/cgroup": "0::/system.slice\n", MINE: f"{2 * GIB}\n"}, 64 * GIB),
    "the first version": (
        {
            "proc/self/cgroup": "9:cpu,cpuacct:/other\n4:memory:/mine\n1:name=systemd:/\n",
            "sys/fs/cgroup/memory/mine/memory.limit_in_bytes": f"{5 * GIB}\n",
            "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
        },
        5 * GIB,
    ),
    "a path that is known outside alone": (
        {
            "proc/self/cgroup": "4:memory:/docker/0123\n",
            "sys/fs/cgroup/memory/memory.limit_in_bytes": f"{4 * GIB}\n",
        },
        4 * GIB,
    ),
    "both versions": (
        {"proc/self/cgroup": "0::/mine\n", "sys/fs/cgroup/unified/mine/memory.max": f"{6 * GIB}\n"},
        6 * GIB,
    ),
    "more than there is": ({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": f"{99 * GIB}\n"}, 64 * GIB),
}


@pytest.fixture
def sixty_four(monkeypatch):
    """A machine with 64 GiB of memory, whose processes have no limits of their own."""
    asked = os.sysconf
    monkeypatch.setattr(os, "sysconf", lambda name: 64 * GIB // PAGE if name == "SC_PHYS_PAGES" else asked(name))
    monkeypatch.setattr(resource, "getrlimit", lambda _: UNLIMITED)


@pytest.mark.usefixtures("sixty_four")
@pytest.mark.parametrize("name", MACHINES)
def test_the_limit_is_that_of_the_own_group_and_those_above(tmp_path, name):
    files, expected = MACHINES[name]
    assert available_bytes(machine(tmp_path, files)) == expected


@pytest.mark.usefixtures("sixty_four")
@pytest.mark.parametrize(("limited", "used"), [(resource.RLIMIT_AS, 700), (resource.RLIMIT_DATA, 300)])
def test_what_a_process_is_limited_to_is_less_by_what_it_has(tmp_path, monkeypatch, limited, used):
    monkeypatch.setattr(resource, "getrlimit", lambda kind: (GIB, GIB) if kind == limited else UNLIMITED)
    assert available_bytes(machine(tmp_path, {"proc/self/statm": "700 500 90 1 0 300 0\n"})) == GIB - used * PAGE
    assert available_bytes(machine(tmp_path, {"proc/self/statm": "9999999 500 90 1 0 9999999 0\n"})) == 0
    (tmp_path / "proc/self/statm").unlink()
    assert available_bytes(tmp_path) == GIB
