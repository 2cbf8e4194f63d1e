"""The fuzz run works; `make fuzz` goes on for longer."""

import subprocess
import sys


def test_a_few_damaged_sources_are_opened_or_refused():
    command = [sys.executable, "-m", "tests.fuzz", "--sources", "60", "--seed", "7"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("60 sources: ")
    assert ", 0 faults;" in done.stdout
