#!/usr/bin/env bash
# Textual 8.2.8: clear_notifications takes toasts away, and leaves the container of each of them in the screen for good.
#
# Expected: what was said for a moment and then cleared is gone: as many widgets are there afterwards as before.
# What happens: a toast that expires by itself goes with the container that aligns it; of one that is cleared, the toast
# alone goes. An app that shows one message at a time, each in place of the last one, has one more widget for each.
# Seen: after 20 messages, each of them cleared, 20 empty holders.
# In nnviz: its apps take the holders away too. It was found by the memory of a screen: 85 kB for each saved picture.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/python" -m pip install --quiet --disable-pip-version-check "textual==8.2.8"
"$work/env/bin/python" - <<'PY'
import asyncio

from textual.app import App


async def left_behind(messages):
    """How many holders of toasts, and toasts, there are after so many messages, each of which was cleared."""
    app = App()
    async with app.run_test(notifications=True) as pilot:
        for number in range(messages):
            app.notify(f"message {number}", timeout=1000)
            await pilot.pause(0.05)
            app.clear_notifications()
            await pilot.pause(0.05)
        await pilot.pause(1)
        return len(app.screen.query("ToastHolder")), len(app.screen.query("Toast"))


holders, toasts = asyncio.run(left_behind(20))
print("after 20 messages that were cleared:", holders, "holders,", toasts, "toasts")
assert toasts == 0
assert holders == 20, "changed: holders go with their toasts"
PY
