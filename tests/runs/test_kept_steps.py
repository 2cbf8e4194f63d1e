"""Training without a screen: what is due is done after the step at which it is, and no more often than it is asked."""

from nnviz.runs.kept_steps import kept_steps


class Alerts:
    """Asks every third training step."""

    def __init__(self, trainer):
        self.trainer, self.asked, self.due = trainer, [], 3

    def look(self):
        self.asked.append(self.trainer.steps_done)
        self.due += 3


class Kept:
    """Says when it was told, and is to be told every two seconds."""

    def __init__(self, trainer):
        self.trainer, self.told, self.recorded, self.at = trainer, [], [], 2.0

    @property
    def due(self):
        return self.at

    def keep_up(self):
        self.told.append(self.trainer.steps_done)
        self.at += 2.0

    def record(self, evaluation):
        self.recorded.append(evaluation.step)


def test_each_is_asked_when_it_is_due(make_trainer):
    trainer = make_trainer()
    keeper, alerts = Kept(trainer), Alerts(trainer)
    # A second goes by with each step.
    steps = kept_steps(trainer, keeper, alerts, clock=lambda: float(trainer.steps_done))
    evaluated = [trainer.steps_done for _, evaluation in zip(range(30), steps, strict=False) if evaluation is not None]
    assert trainer.steps_done == 30
    assert alerts.asked == [*range(3, 31, 3)]
    assert keeper.told == [*range(2, 31, 2)]
    assert keeper.recorded == evaluated != []


def test_who_interrupts_ends_it_after_the_step(make_trainer):
    trainer = make_trainer()
    steps = kept_steps(trainer, Kept(trainer), Alerts(trainer), clock=lambda: 0.0)
    next(steps)
    trainer.interruption.ask()
    assert len(list(steps)) == 1
    assert (trainer.steps_done, trainer.stopped_by) == (2, "interrupted")
