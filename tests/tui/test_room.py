"""What has to be seen is seen in little room: the rate and the state, all tabs, all sentences below a message."""

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from textual.widgets._footer import FooterKey

from nnviz.frame.frame import Rates, State
from nnviz.remote.client import LocalTrainer
from nnviz.remote.messages import Order
from nnviz.tui.app import NnvizApp
from nnviz.tui.keys import KEYS, WHERE_ROOM
from nnviz.tui.layouts import TABBED, TABS
from nnviz.tui.panes.title import TitlePane
from nnviz.wording import trimmed
from tests.tui import chance
from tests.tui.conftest import Driver, OpenApp

SMALL = [(60, 16), (60, 20), (72, 20), (80, 24), (100, 30)]


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(random=chance.RANDOMS, rate=st.sampled_from([1e-30, 0.0005, 0.05, 20, 1e20]))
def test_the_title_has_the_rate_and_the_state_at_every_width(random, rate: float) -> None:
    frame = replace(chance.frame(random), rate=rate, state=random.choice(list(State)), rates=Rates(98_765.4, 1e6))
    name = random.choice(["s", "a name of data that is far too long to be shown", "鳥" * 30])
    rule = f"SGD lr {trimmed(rate)} momentum 0.9 cosine"
    frame = replace(frame, title=replace(frame.title, dataset=name, optimizer=rule, skipped=random.choice([0, 17])))
    pane = TitlePane()
    pane.show_pace("25 steps/s")
    for width in range(60, 201, 3):
        (strip,) = pane.draw(frame, width, 1)
        assert strip.text.startswith(" nnviz  ")
        assert f"lr {trimmed(rate)} " in strip.text
        # Which step a replay goes to stands behind it.
        assert re.search(rf" {frame.state.upper()} (to step [\d,]+ )?$", strip.text)


async def test_another_rate_is_seen_where_the_network_is_long(open_app: OpenApp, order: Order) -> None:
    layers = ", ".join(["dense 16 sigmoid"] * 10)
    deep = replace(
        order, experiment=replace(order.experiment, network=replace(order.experiment.network, layers=layers))
    )
    for size in ((80, 24), (120, 40)):
        async with open_app(size, replace(deep, out=deep.out.with_name(f"run-{size[0]}"))) as driver:
            for key, rate in (("plus", "0.02"), ("plus", "0.05"), ("minus", "0.02")):
                await driver.press(key)
                line = driver.text().splitlines()[0]
                assert f"lr {rate} " in line
                assert "10 × dense 16 sigmoid" in line


@pytest.mark.parametrize("size", SMALL)
async def test_all_tabs_can_be_read_and_clicked(open_app: OpenApp, size: tuple[int, int]) -> None:
    async with open_app(size) as driver:
        for number, name in enumerate(TABBED, 1):
            await driver.press(str(number))
            row = driver.text().splitlines()[2]
            for other, tab in enumerate(TABBED, 1):
                whole = tab == name or size[0] >= 80
                assert re.search(rf"\b{other} {TABS[tab] if whole else TABS[tab][:2]}", row)
        for number, name in enumerate(TABBED, 1):
            row = driver.text().splitlines()[2]
            await driver.pilot.click("#tabs", offset=(row.index(f"{number} {TABS[name][:1]}"), 0))
            await driver.pilot.pause()
            assert driver.screen.query_one(f"#{name}").display


@pytest.mark.parametrize("size", SMALL)
async def test_messages_hide_no_sentence(order: Order, size: tuple[int, int]) -> None:
    app = NnvizApp(LocalTrainer(order), "pets")
    async with app.run_test(size=size, notifications=True) as pilot:
        await app.ready.wait()
        driver = Driver(app, pilot)
        await driver.press("b")
        sentences = [line.text for line in driver.screen.query_one("#story").paint()[:-1]]
        await driver.press(*["less_than_sign"] * 4)
        assert "space will run at 4 stages/s" in driver.text()
        assert "\n".join(sentences) in driver.text()
        driver.app.notify("word " * 100)
        await driver.pilot.pause()
        assert "word word" in driver.text()
        assert "\n".join(sentences) in driver.text()


async def test_the_last_line_says_as_many_keys_as_there_is_room_for(open_app: OpenApp) -> None:
    own = {binding.id: binding.key_display or binding.key for binding in KEYS}
    more = [f"{sign or own[name]} {label} " for name, (sign, label) in WHERE_ROOM.items()]
    always = [f"{binding.key_display or binding.key} {binding.description} " for binding in KEYS if binding.show]
    async with open_app((80, 24)) as driver:
        composed = list(driver.screen.query(FooterKey))
        for width in (80, 100, 160, 200):
            await driver.pilot.resize_terminal(width, 40)
            await driver.wait_for(lambda width=width: len(driver.text().splitlines()[-1]) == width)
            await driver.pilot.pause()
            line, fitting = driver.text().splitlines()[-1], "".join(always)
            for key in more:
                fitting += key if len(fitting) + len(key) <= width else ""
            assert line.strip() == fitting.strip()
        # Keys that are composed anew for each size would fill the memory.
        assert list(driver.screen.query(FooterKey)) == composed
        await driver.pilot.click("KeyLine", offset=(line.index("e epoch"), 0))
        await driver.until(State.PAUSED)
        assert driver.frame.moment.furthest == driver.frame.moment.batches
