"""How much memory there is, for a network to be refused before it is built."""

import os
from pathlib import Path

CGROUP_LIMIT = Path("/sys/fs/cgroup/memory.max")


def available_bytes() -> int:
    """What this process can have at most: of the machine's memory, or of what it is allowed."""
    most = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    try:
        return min(most, int(CGROUP_LIMIT.read_text()))
    except (OSError, ValueError):  # There is no limit, or none that can be read.
        return most
