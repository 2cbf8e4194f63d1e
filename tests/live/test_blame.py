"""Weights that are to blame in a watched training: their numbers are those that PyTorch has."""

import itertools
from copy import deepcopy

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402, N812

from nnviz.frame.blame_view import LISTED, BlamedWeight, BlameView, Measure  # noqa: E402
from nnviz.frame.focus import Focus  # noqa: E402
from nnviz.frame.stages import Phase  # noqa: E402
from nnviz.insight.blame_words import missing, remarks  # noqa: E402
from nnviz.live import wire  # noqa: E402
from nnviz.live.gate import Stop  # noqa: E402
from nnviz.live.watched_training import Watch  # noqa: E402
from tests.live.programs import PROGRAMS, Hand, N, Program, labels, rows  # noqa: E402

pytestmark = pytest.mark.live
PLACE = 4


def trained(name: str, steps: int = 3) -> tuple[Watch, Program, Hand, nn.Module]:
    """A program after some steps, its notes, and its model as it was before the last one."""
    made = PROGRAMS[name]()
    clock = itertools.count(step=10_000)
    watch = Watch(made.model, made.optimizers, "test", made.scaler, lambda: float(next(clock)))
    watch.screen.attach(True)
    hand = Hand(made.model)
    for i in range(steps - 1):
        made.step(hand, i)
    before = deepcopy(made.model)
    made.step(hand, steps - 1)
    if watch.shared.guard.fault is not None:
        raise watch.shared.guard.fault
    return watch, made, hand, before


def blamed(watch: Watch, measure: Measure, of_example: bool, block: int | None = None) -> BlameView:
    view = watch.screen.blame(Focus(PLACE, block or 0), measure, of_example, everywhere=block is None)
    assert view is not None
    # As it comes to the screen.
    sent = wire.encoded(wire.Answer.of(view))
    assert wire.encoded(wire._decoder(wire.Answer).decode(sent[4:])) == sent
    return view


def number(weight: BlamedWeight, of: dict[str, torch.Tensor]) -> float:
    """The same number by the name and in the order that the program's model has."""
    module = weight.layer.split()[0]
    if weight.kind == "weights":
        index = weight.index[::-1] if len(weight.index) == 2 else (*weight.index[:1:-1], *weight.index[:2])
        if module == "8":
            # What was flattened are six maps of four places, which frames have the other way round.
            place, channel = divmod(index[1], 6)
            index = index[0], channel * 4 + place
        return float(of[f"{module}.weight"].detach()[index])
    kind = "bias" if weight.kind in ("biases", "shifts") else "weight"
    return float(of[f"{module}.{kind}"].detach()[weight.index])


def check(view: BlameView, measures: dict[str, torch.Tensor], rel: float) -> None:
    """The first ones are the largest of all, with their own share."""
    sizes = np.sort(np.concatenate([each.abs().double().reshape(-1).numpy() for each in measures.values()]))[::-1]
    assert view.worst is not None
    assert view.weights == len(sizes)
    told = [abs(weight.measured) for weight in view.worst]
    np.testing.assert_allclose(told, sizes[:LISTED], rtol=rel, atol=1e-9)
    for weight in view.worst:
        assert number(weight, measures) == pytest.approx(weight.measured, rel=rel, abs=1e-9)
        assert weight.part == pytest.approx(abs(weight.measured) / sizes.sum(), rel=rel)


@pytest.mark.parametrize("name", ["mlp", "cnn"])
def test_of_the_batch(name: str) -> None:
    watch, made, hand, before = trained(name)
    gradients, updates = hand.gradients[-1], hand.updates[-1]
    weights, now = dict(before.named_parameters()), dict(made.model.named_parameters())
    check(blamed(watch, Measure.SENSITIVITY, False), gradients, 1e-9)
    shares = {key: gradients[key] * weights[key].detach() for key in gradients}
    check(blamed(watch, Measure.SHARE, False), shares, 1e-5)
    for of_example in (False, True):
        view = blamed(watch, Measure.UPDATE, of_example)
        check(view, updates, 1e-9)
        assert view.worst is not None
        for weight in view.worst:
            assert weight.update is not None
            assert weight.after == weight.before + weight.update == pytest.approx(number(weight, now), rel=1e-6)
            assert weight.before == pytest.approx(number(weight, weights), rel=1e-5, abs=1e-7)
    # The first layer alone.
    view = blamed(watch, Measure.SENSITIVITY, False, block=0)
    first = {key: each for key, each in gradients.items() if key in ("0.weight", "0.bias", "1.weight", "1.bias")}
    check(view, first, 1e-9)
    watch.close()


def test_of_an_example() -> None:
    watch, _, _, before = trained("mlp")
    before.zero_grad()
    loss = F.cross_entropy(before(rows(2, 6)), labels(2), reduction="none")[PLACE] / N
    loss.backward()
    alone = {key: each.grad for key, each in before.named_parameters()}
    view = blamed(watch, Measure.SENSITIVITY, True)
    check(view, alone, 1e-5)
    assert (view.example, view.without_share, view.normalised) == ("example #5", (), False)
    watch.close()


def test_what_cannot_be_told_is_said() -> None:
    watch, *_ = trained("lstm_by_its_last_state")
    view = blamed(watch, Measure.SENSITIVITY, True)
    assert view.worst is not None
    assert {weight.layer for weight in view.worst} == {"head"}
    assert remarks(view)[0] == "What one example adds is not known of lstm: press e for the batch."
    view = blamed(watch, Measure.SENSITIVITY, False)
    assert view.worst is not None
    assert {weight.layer for weight in view.worst} == {"head", "lstm"}
    assert any(weight.target.startswith("lstm [") for weight in view.worst)
    watch.close()
    watch, *_ = trained("frozen_layers")
    view = blamed(watch, Measure.SHARE, False, block=0)
    assert view.worst is None
    assert missing(view) == "Nothing here can be compared:"
    assert remarks(view)[0] == "No gradient came to 0 linear."
    watch.close()


@pytest.mark.parametrize("name", PROGRAMS)
def test_of_any_model(name: str) -> None:
    watch, _, hand, _ = trained(name)
    largest = max(float(each.abs().max()) for each in hand.gradients[-1].values())
    for measure, of_example in itertools.product(Measure, (False, True)):
        view = blamed(watch, measure, of_example)
        assert view.worst is not None or view.without_share
        if measure is Measure.SENSITIVITY and not of_example:
            assert view.worst is not None
            # Weights of several layers are counted once.
            assert view.weights == sum(each.numel() for each in hand.gradients[-1].values())
            assert abs(view.worst[0].measured) == pytest.approx(largest, rel=1e-6)
    watch.close()


def stopped_after_backprop(name: str) -> tuple[list[BlameView], nn.Module, Program, torch.Tensor]:
    """What is told of all layers, of two blocks, and of all again, while a program waits after backprop.

    And its model before that step, the program, and what its random generator was before.
    """
    watch, made, hand, _ = trained(name, 2)
    model, gate, told = deepcopy(made.model), watch.shared.gate, []

    def wait() -> float:
        gate.is_stopped = True
        told.extend(blamed(watch, Measure.SENSITIVITY, of_example=True, block=block) for block in (None, 0, 1, None))
        gate.stop, gate.is_stopped = None, False
        return 0.0

    gate.wait = wait  # type: ignore[method-assign]
    gate.stop = Stop(None, Phase.BACKWARD)
    watch.training._look_next()
    randomness = torch.get_rng_state()
    made.step(hand, 2)
    if watch.shared.guard.fault is not None:
        raise watch.shared.guard.fault
    watch.close()
    return told, model, made, randomness


@pytest.mark.parametrize("name", ["cnn", "cnn_in_place"])
def test_of_a_picture_the_slope_of_each_pixel_is_told_and_training_is_what_it_was(name: str) -> None:
    told, model, made, randomness = stopped_after_backprop(name)
    x = rows(2, 3, 10, 10).requires_grad_()
    with torch.random.fork_rng():
        torch.set_rng_state(randomness)
        F.cross_entropy(model(x * 1.0), labels(2)).backward()
    assert x.grad is not None
    slopes = x.grad[PLACE].numpy()
    largest = np.take_along_axis(slopes, np.abs(slopes).argmax(0)[None], 0)[0]
    everywhere, first, second, again = (view.saliency for view in told)
    assert second is None
    for found in (everywhere, first, again):
        assert found is not None
        np.testing.assert_allclose(found.slopes, largest, rtol=1e-3, atol=1e-7)
        assert (found.pixels.shape, found.pixels.dtype, found.step) == ((10, 10, 3), np.uint8, 1)
    alone = PROGRAMS[name]()
    hand = Hand(alone.model)
    for i in range(3):
        alone.step(hand, i)
    for one, other in zip(made.model.parameters(), alone.model.parameters(), strict=True):
        assert torch.equal(one, other)


def test_what_is_no_picture_and_what_goes_on_has_no_slopes() -> None:
    told, *_ = stopped_after_backprop("mlp")
    assert [view.saliency for view in told] == [None] * 4
    watch, *_ = trained("cnn")
    assert blamed(watch, Measure.SENSITIVITY, of_example=True).saliency is None
    watch.close()
