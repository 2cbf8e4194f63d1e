"""How much memory there is, for a network to be refused before it is built."""

import os
import resource
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

# Where control groups of the second and first version are to be found, and what their limit is called there.
GROUPS = (
    ("", "sys/fs/cgroup", "memory.max"),
    ("", "sys/fs/cgroup/unified", "memory.max"),
    ("memory", "sys/fs/cgroup/memory", "memory.limit_in_bytes"),
)
# What a process may map, and of that, what it alone has; each with its place in statm (see proc(5)).
LIMITS = ((resource.RLIMIT_AS, 0), (resource.RLIMIT_DATA, 5))


def available_bytes(root: Path = Path("/")) -> int:
    """What this process can have at most: of the machine's memory, or of what it is allowed.

    `root` is the directory in which proc and sys are.
    """
    page = os.sysconf("SC_PAGE_SIZE")
    return min([os.sysconf("SC_PHYS_PAGES") * page, *_of_groups(root), *_of_process(root, page)])


def _of_groups(root: Path) -> Iterator[int]:
    """The limits of the control groups that this process is in, and of those that they are in."""
    for line in ["0::/", *_lines(root / "proc/self/cgroup")]:
        _, controllers, group = line.split(":", 2)
        for controller, mount, name in GROUPS:
            if controller in controllers.split(","):
                # In a container, the path may be the one outside: then the nearest group that is there is the own one.
                yield from _of_group(root / mount, group, name)


def _of_group(mount: Path, group: str, name: str) -> Iterator[int]:
    below = Path(group.lstrip("/"))
    for folder in (below, *below.parents):
        for line in _lines(mount / folder / name):
            with suppress(ValueError):  # "max" is no limit.
                yield int(line)


def _of_process(root: Path, page: int) -> Iterator[int]:
    """What this process's own limits leave to it."""
    used = " ".join(_lines(root / "proc/self/statm")).split()
    for limit, place in LIMITS:
        most, _ = resource.getrlimit(limit)
        if most != resource.RLIM_INFINITY:
            yield max(0, most - (int(used[place]) * page if used else 0))


def _lines(file: Path) -> list[str]:
    """The lines of a file, none if it is not there or cannot be read."""
    try:
        return file.read_text().splitlines()
    except OSError:
        return []
