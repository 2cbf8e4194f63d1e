"""Open mutated sources until the time is over, and stop at the first that does what none may do, keeping it."""

import argparse
import multiprocessing
import shutil
import sys
import time
from collections import Counter
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

from tests.fuzz.mutations import mutated, plant
from tests.fuzz.seeds import seeds
from tests.fuzz.worker import Outcome, serve

SECONDS, HANGS = 20.0, 300.0
"""That one source may compute; and after which nobody waits for it any longer, however busy the machine is."""
MEMORY = 1 << 30
INPUTS_A_PROCESS = 2000
KEPT = Path("build/fuzz-finding")


class Opener:
    """A process that is replaced by a fresh one every so often."""

    def __init__(self) -> None:
        self._context = multiprocessing.get_context("spawn")
        self._process: SpawnProcess | None = None
        self._connection: Connection | None = None
        self._inputs = 0

    def open(self, keys: dict[str, Any]) -> Outcome:
        """What comes of opening that source."""
        if self._inputs % INPUTS_A_PROCESS == 0:
            self.close()
            self._connection, theirs = self._context.Pipe()
            self._process = self._context.Process(target=serve, args=(theirs,), daemon=True)
            self._process.start()
            theirs.close()
        self._inputs += 1
        assert self._connection is not None
        self._connection.send(keys)
        try:
            if not self._connection.poll(HANGS):
                return Outcome("fault", f"no answer after {HANGS:.0f} seconds", HANGS, 0)
            outcome: Outcome = self._connection.recv()
        except (EOFError, ConnectionError):
            return Outcome("fault", "the process died", 0, 0)
        if outcome.seconds > SECONDS or outcome.memory > MEMORY:
            told = f"{outcome.seconds:.1f} s, {outcome.memory >> 20:,} MB ({outcome.kind}: {outcome.told})"
            return outcome._replace(kind="fault", told=told)
        return outcome

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process.join()


class Fuzzer:
    """Makes the source of each number, always the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._seeds = seeds()
        self._others = [content for files in self._seeds.values() for content in files.values()]

    def make(self, number: int, place: Path) -> dict[str, Any]:
        """Write the source below `place`, and return what is to be opened as keys of `Data`."""
        chance = Random(f"{self._seed}/{number}")
        name = chance.choice([*self._seeds, "tree"])
        if name == "tree":
            plant(place / name, self._others, chance)
        else:
            for path, content in mutated(self._seeds[name], self._others, chance).items():
                (place / path).parent.mkdir(parents=True, exist_ok=True)
                (place / path).write_bytes(content)
        keys: dict[str, Any] = {"source": str(place / name), "grayscale": chance.random() < 0.3}
        if chance.random() < 0.5:
            keys["image_size"] = chance.choice((1, 8, 33))
        if name.startswith("log/"):
            keys["image_column"] = "1"
        if name.endswith((".csv", ".tsv", ".csv.gz")):
            keys["task"] = chance.choice((None, "classify", "regress"))
            keys["target"] = chance.choice((None, "2", "colour"))
        return keys


def main() -> int:
    """0 if nothing was found."""
    asked = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    asked.add_argument("--seconds", type=float, default=60, help="how long (%(default)s)")
    asked.add_argument("--sources", type=int, help="so many, however long they take")
    asked.add_argument("--seed", type=int, default=0, help="the same seed gives the same sources (%(default)s)")
    asked.add_argument("--first", type=int, default=0, help="the number of the first source (%(default)s)")
    chosen = asked.parse_args()
    fuzzer, opener, counts = Fuzzer(chosen.seed), Opener(), Counter[str]()
    slowest, largest = 0.0, 0
    end, number = time.monotonic() + chosen.seconds, chosen.first

    def goes_on() -> bool:
        return time.monotonic() < end if chosen.sources is None else number < chosen.first + chosen.sources

    with TemporaryDirectory() as spare:
        while goes_on():
            place = Path(spare) / str(number)
            place.mkdir()
            outcome = opener.open(fuzzer.make(number, place))
            counts[outcome.kind] += 1
            slowest, largest = max(slowest, outcome.seconds), max(largest, outcome.memory)
            if outcome.kind == "fault":
                shutil.rmtree(KEPT, ignore_errors=True)
                KEPT.parent.mkdir(exist_ok=True)
                shutil.move(place, KEPT)
                print(f"source {number} of seed {chosen.seed}, kept in {KEPT}:\n{outcome.told}", file=sys.stderr)
                break
            shutil.rmtree(place)
            number += 1
    opener.close()
    print(
        f"{counts.total():,} sources: {counts['opened']:,} opened, {counts['refused']:,} refused, "
        f"{counts['fault']:,} faults; at most {slowest:.2f} s and {largest >> 20:,} MB for one"
    )
    return 1 if counts["fault"] else 0


if __name__ == "__main__":
    sys.exit(main())
