"""Whatever the next stage depends on is in the state: taken anywhere, and given back, it goes on in the same bits."""

import numpy as np
import pytest
from msgspec.structs import replace

from nnviz.training.engine import EngineState, StepEngine
from nnviz.training.update_rule import UpdateRuleState

STEPS = 6
LAYERS = "conv 3 3x3 batchnorm relu, pool 2, dropout 0.3, dense 5 tanh batchnorm"
RULES = [
    *({"optimizer": name} for name in ("rmsprop", "adam", "adamw")),
    {"optimizer": "sgd", "momentum": 0.0},
    {"optimizer": "sgd", "momentum": 0.9},
    {"optimizer": "nesterov", "weight_decay": 0.01},
    {"optimizer": "adam", "schedule": "cosine", "warmup": 1.0},
    {"optimizer": "adam", "schedule": "step", "drop_every": 1},
    {"optimizer": "sgd", "schedule": "plateau", "drop_every": 1, "drop": 0.5, "warmup": 0.5},
    {"optimizer": "sgd", "clip": 0.1, "l1": 0.01, "l2": 0.01, "class_weights": "balanced"},
]
FOUND = ("values", "gradients", "statistics", "following")


def moment(engine: StepEngine) -> dict[str, object]:
    """All that can be seen of an engine where it is, to the last bit."""
    parameters, rule, done = engine.network.parameters, engine.update_rule, engine.done
    seen = {name: getattr(parameters, name) for name in FOUND if name != "gradients" or done == len(engine.stages)}
    seen |= {f"memory {name}": array for name, array in rule.optimizer.state().items()}
    seen |= {f"output {i}": engine.outputs[i] for i in range(min(done, engine.depth) + 1)}
    if done > engine.depth:
        seen["prediction"] = engine.scores.prediction
    if done >= len(engine.stages) - 1:
        seen["updates"] = rule.optimizer.updates
    if done < engine.depth:
        del seen["following"]
    facts = engine.index, done, rule.learning_rate, rule.schedule.state(), rule.rate_at(engine.index)
    return {"facts": repr(facts), **{name: array.tobytes() for name, array in seen.items()}}


@pytest.mark.parametrize("rule", RULES, ids=repr)
def test_a_state_of_any_stage_goes_on_in_the_same_bits(make_picture_trainer, rule):
    """Running means, dropout, augmentation, and a rate that was changed between the two stages of an update."""
    walked, restored = (make_picture_trainer(layers=LAYERS, stopping={"epochs": 4}, **rule).engine for _ in range(2))
    if rule.get("schedule") == "plateau":
        # So that there is something to forget.
        walked.update_rule.schedule.observe(1.0, 1)
        walked.update_rule.schedule.observe(2.0, 3)
    stages = len(walked.stages)
    seen, states = [moment(walked)], [walked.state()]
    for count in range(STEPS * stages):
        walked.run(1)
        seen.append(moment(walked))
        states.append(walked.state())
        if count == 3 * stages - 2:
            walked.update_rule.learning_rate *= 0.5
            states[-1] = walked.state()
    for count, state in enumerate(states[:-1]):
        restored.run(3)
        restored.restore(state)
        if count % stages and count != 3 * stages - 1:
            assert moment(restored) == seen[count], count
        restored.run(1)
        assert moment(restored) == seen[count + 1], count


def test_a_field_that_is_left_out_of_a_state_is_missed(make_picture_trainer):
    """What the test above would see, if one of them were forgotten."""
    make = lambda: make_picture_trainer(layers=LAYERS, optimizer="adam", schedule="plateau")  # noqa: E731
    walked, restored = make().engine, make().engine
    first = walked.state()
    for _ in range(3):
        walked.run(len(walked.stages))
    walked.update_rule.learning_rate *= 0.5
    walked.update_rule.schedule.restore({"factor": 0.5, "best": 1.0, "since": 1})
    state = walked.state()
    for _ in range(2):
        walked.run(len(walked.stages))
    after = moment(walked)

    def goes_on(state: EngineState) -> dict[str, object]:
        restored.restore(state)
        for _ in range(2):
            restored.run(len(restored.stages))
        return moment(restored)

    assert goes_on(state) == after
    for name in ("step", "values", "statistics", "update_rule", "learning_rate"):
        assert goes_on(replace(state, **{name: getattr(first, name)})) != after, name
    for name in UpdateRuleState.__struct_fields__:
        if name != "learning_rate":
            forgotten = replace(state.update_rule, **{name: getattr(first.update_rule, name)})
            assert goes_on(replace(state, update_rule=forgotten)) != after, name
    for name in state.update_rule.optimizer:
        memory = {**state.update_rule.optimizer, name: first.update_rule.optimizer[name]}
        forgotten = replace(state.update_rule, optimizer=memory)
        assert goes_on(replace(state, update_rule=forgotten)) != after, name


def test_a_state_is_untouched_by_later_steps(make_picture_trainer):
    engine = make_picture_trainer(layers=LAYERS, optimizer="adam").engine
    engine.run(len(engine.stages) - 1)
    state = engine.state()
    arrays = [state.values, state.statistics, *state.update_rule.optimizer.values()]
    before = [array.copy() for array in arrays]
    for _ in range(3):
        engine.run(len(engine.stages))
    for array, copied in zip(arrays, before, strict=True):
        np.testing.assert_array_equal(array, copied)
