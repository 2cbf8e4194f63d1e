#!/usr/bin/env bash
# Textual 8.2.8: what set_timer is to call once is never called where the process is held up as the timer starts.
#
# Expected: a timer that comes late calls late. To leave late turns out makes sense for one that repeats.
# What happens: a timer leaves a turn out that is past already, also if it has but one. It takes the time twice as it
# starts; a process that is kept from the processor between the two for as long as the delay has missed its only turn.
# A new size of the terminal comes by such a timer, of 1/120 s, and as long as there is one no other begins: the app
# keeps its old size, whatever sizes follow.
# Seen: the clock of the timer moves on by 20 ms each time that it is read, as on a busy machine: neither of two new
# sizes arrives. On a machine of two cores beside four busy loops the same came about by itself.
# In nnviz: timers of its apps leave nothing out.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/python" -m pip install --quiet --disable-pip-version-check "textual==8.2.8"
"$work/env/bin/python" - <<'PY'
import asyncio
from itertools import count
from types import SimpleNamespace

from textual import timer
from textual.app import App


async def sizes_after(step):
    """The size that is laid out after each of two new ones; the clock of timers moves on by `step` when it is read."""
    app, seen = App(), []
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        clock = count(step=step)
        timer._time = SimpleNamespace(get_time=lambda: next(clock))
        for size in ((100, 30), (120, 40)):
            await pilot.resize_terminal(*size)
            await asyncio.sleep(1)
            await pilot.pause()
            seen.append(tuple(app.screen._compositor.size))
    return seen


quick, late = asyncio.run(sizes_after(0.0001)), asyncio.run(sizes_after(0.02))
print("laid out after two new sizes:", quick, "and, where the process is held up:", late)
assert quick == [(100, 30), (120, 40)]
assert late == [(80, 24), (80, 24)], "changed: a new size arrives late"
PY
