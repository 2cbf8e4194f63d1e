"""The screen's way to a trainer in a process of its own."""

import asyncio
import contextlib
import os
import signal

import pytest
from msgspec import structs

from nnviz.errors import TrainerDiedError
from nnviz.frame.frame import Frame
from nnviz.remote import messages as m
from nnviz.remote.client import RemoteTrainer
from nnviz.runs.checkpoint_rule import CheckpointRule
from nnviz.tui.link import Link


async def begun(trainer: RemoteTrainer) -> Link:
    link = Link(trainer)
    assert isinstance(await link.first(lambda _: None), Frame)
    return link


async def test_each_of_two_who_ask_at_once_gets_his_own_answer(order: m.Order) -> None:
    with contextlib.closing(RemoteTrainer(order)) as trainer:
        link = await begun(trainer)

        async def ask(request: m.Request) -> list[m.Answer]:
            return [await link.ask(request) for _ in range(30)]

        looks, tests = await asyncio.gather(ask(m.Look()), ask(m.Test()))
        assert {type(answer) for answer in looks} == {Frame}
        assert {type(answer) for answer in tests} == {m.TestReport}


async def test_the_loop_goes_on_while_an_answer_is_awaited(order: m.Order) -> None:
    with contextlib.closing(RemoteTrainer(order)) as trainer:
        link = await begun(trainer)
        os.kill(trainer.pid, signal.SIGSTOP)
        answer = asyncio.create_task(link.ask(m.Look()))
        for _ in range(100):
            await asyncio.sleep(0)
        assert link.busy
        assert not answer.done()
        os.kill(trainer.pid, signal.SIGCONT)
        assert isinstance(await answer, Frame)
        assert not link.busy


async def test_the_end_of_a_running_trainer_is_told_to_who_waits_and_to_who_asks_again(order: m.Order) -> None:
    with contextlib.closing(RemoteTrainer(order)) as trainer:
        link = await begun(trainer)
        await link.ask(m.Run(m.PACES[-1]))
        # What it had answered before would still be received.
        os.kill(trainer.pid, signal.SIGSTOP)
        answer = asyncio.create_task(link.ask(m.Test()))
        await asyncio.sleep(0)
        os.kill(trainer.pid, signal.SIGKILL)
        for asked in (answer, link.ask(m.Look())):
            with pytest.raises(TrainerDiedError, match="SIGKILL"):
                await asked


async def test_the_end_of_a_trainer_that_nobody_asks_is_told_at_once_and_that_of_the_next_one_too(
    order: m.Order,
) -> None:
    trainer = RemoteTrainer(structs.replace(order, checkpoints=CheckpointRule(steps=10**9)))
    link = await begun(trainer)
    ended = asyncio.Event()
    link.watch(ended.set)
    assert isinstance(await link.ask(m.Advance(m.Goal.STEP)), Frame)
    os.kill(trainer.pid, signal.SIGKILL)
    await ended.wait()
    ended.clear()
    assert isinstance(await link.start_again(), Frame)
    assert isinstance(link.trainer, RemoteTrainer)
    os.kill(link.trainer.pid, signal.SIGKILL)
    await ended.wait()
    ended.clear()
    assert isinstance(await link.start_again(), Frame)
    assert (await link.close()).earlier[0].trouble == "the trainer was killed by SIGKILL before its first checkpoint"
    assert not ended.is_set(), "one that ends because it was told to"


async def test_closing_waits_for_the_answer_that_is_still_to_come(order: m.Order) -> None:
    link = await begun(RemoteTrainer(order))
    await link.ask(m.Run(m.PACES[-1]))
    answer = asyncio.create_task(link.ask(m.Test()))
    await asyncio.sleep(0)
    summary = await link.close()
    assert isinstance(answer.result(), m.TestReport)
    assert summary is not None
