"""A command in a process of its own that has nnviz loaded already: as a user starts it, but for the time that takes."""

import multiprocessing
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

LOADED = ["nnviz.cli", "nnviz.headless.training", "nnviz.headless.prediction", "nnviz.headless.scoring"]
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(LOADED)


def nnviz_in(folder: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder: exit code, stdout, stderr. Its stdin is empty."""
    command = ["nnviz", *map(str, arguments)]
    with TemporaryDirectory() as streams:
        out, err = Path(streams, "out"), Path(streams, "err")
        process = _CONTEXT.Process(target=_main, args=(command, folder, dict(os.environ), out, err))
        process.start()
        process.join()
        assert process.exitcode is not None
        return subprocess.CompletedProcess(command, process.exitcode, out.read_text(), err.read_text())


def _main(command: list[str], folder: Path, environment: dict[str, str], out: Path, err: Path) -> None:
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    for number, path, flags in ((0, os.devnull, os.O_RDONLY), (1, out, os.O_WRONLY), (2, err, os.O_WRONLY)):
        file = os.open(path, flags | os.O_CREAT, 0o600)
        os.dup2(file, number)
        os.close(file)
    # As Python opens them at its start.
    sys.stdin, sys.stdout = open(0, closefd=False), open(1, "w", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", errors="backslashreplace", closefd=False)  # noqa: SIM115
    sys.argv = command
    from nnviz.__main__ import main

    main()
