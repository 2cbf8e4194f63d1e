"""What a sweep is to train: from options and from a file, listed and drawn, and what is refused."""

import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnviz.described import KEYS
from nnviz.errors import InputError
from nnviz.sweep_options import SweepOptions
from nnviz.sweeping.choices import drawn, every, read_choice
from nnviz.sweeping.plan import Plan, claimed

BY_NAME = {key.parameter: key for key in KEYS}


def plan(config: Path | None = None, **given: object) -> Plan:
    own = {name: given.pop(name) for name in ("seeds", "random", "random_seed", "stop_hopeless") if name in given}
    tried = {name: [texts] if isinstance(texts, str) else texts for name, texts in given.items()}
    return SweepOptions(fixed={"source": "xor"}, tried=tried, config=config, **own).plan()  # type: ignore[arg-type]


def test_each_value_is_tried_with_each_other_one_and_each_seed() -> None:
    found = plan(lr="0.01,0.1", network=["dense 2 relu, dense 3 relu", "dense 4 tanh"], epochs="7", seeds=2)
    tried = [
        (t.experiment.training.learning_rate, t.experiment.network.layers, t.experiment.training.seed)
        for t in found.trials
    ]
    nets = ("dense 2 relu, dense 3 relu", "dense 4 tanh")
    assert sorted(tried) == sorted((lr, net, seed) for lr in (0.01, 0.1) for net in nets for seed in (0, 1))
    assert {trial.experiment.stopping.epochs for trial in found.trials} == {7}
    # As many at a time as there are cores: one thread each, whatever `nnviz train` would take.
    assert {trial.experiment.training.threads for trial in found.trials} == {1}
    assert found.trials[0].name == "1-network=dense-2-relu--dense-3-relu-lr=0.01-seed=0"
    assert set(found.trials[0].settings) == {"lr", "network", "seed"}


def test_a_file_says_the_same_as_options(tmp_path: Path) -> None:
    file = tmp_path / "sweep.toml"
    file.write_text(
        '[data]\nsource = "xor"\n[network]\nlayers = ["dense 2", "dense 4"]\n[training]\nlearning_rate = "0.001..0.1"\n'
        "batch_size = [8, 16]\nmomentum = 0.5\n[sweep]\nseeds = 2\nrandom = 5\n"
    )
    options = {"network": ["dense 2", "dense 4"], "lr": "0.001..0.1", "batch_size": "8,16", "momentum": "0.5"}
    assert plan(file).content() == plan(**options, seeds=2, random=5).content()
    # And options win over it.
    assert {t.experiment.training.learning_rate for t in plan(file, lr="0.5,0.6").trials} == {0.5, 0.6}


def test_the_file_of_a_run_is_one_as_well(tmp_path: Path) -> None:
    (one,) = plan(lr="0.25", seed="3").trials
    file = tmp_path / "experiment.toml"
    file.write_text(one.experiment.to_toml())
    found = plan(file, momentum="0.1,0.2").trials
    assert [t.experiment for t in found] == [one.experiment.with_training(momentum=m) for m in (0.1, 0.2)]


@given(low=st.floats(1e-5, 10).map(lambda x: float(f"{x:.3g}")), times=st.floats(1.5, 1e5), seed=st.integers(0, 10))
def test_draws_are_of_the_range_and_the_first_of_more(low: float, times: float, seed: int) -> None:
    high = float(f"{low * times:.3g}")
    choice = read_choice(BY_NAME["lr"], [f"{low}..{high}"])
    few, many = drawn([choice], 5, seed), drawn([choice], 20, seed)
    assert few == many[:5]
    assert all(low <= one["lr"] <= high for one in many)
    assert len({one["lr"] for one in many}) == 20


def test_chance_is_even_or_by_the_logarithm_as_it_fits() -> None:
    rates = [one["lr"] for one in drawn([read_choice(BY_NAME["lr"], ["0.001..0.1"])], 2000, 1)]
    assert sum(rate < 0.01 for rate in rates) / 2000 == pytest.approx(0.5, abs=0.05)
    momenta = [one["momentum"] for one in drawn([read_choice(BY_NAME["momentum"], ["0.5..0.9"])], 2000, 1)]
    assert sum(momentum < 0.7 for momentum in momenta) / 2000 == pytest.approx(0.5, abs=0.05)
    sizes = {one["batch_size"] for one in drawn([read_choice(BY_NAME["batch_size"], ["3..5"])], 3, 0)}
    assert sizes == {3, 4, 5}
    assert math.isclose(min(rates), 0.001, rel_tol=0.05)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"lr": "0.1,,2"}, "--lr: '0.1,,2' has an empty value between its commas"),
        ({"lr": "0.1,0.1"}, "--lr: 0.1 is there twice"),
        ({"lr": "0.1..1"}, "--lr: a range; say how many to draw from it, with --random"),
        ({"lr": "1..0.1", "random": 3}, "--lr: a range goes from a number to a larger one"),
        ({"random": 3}, "--random: there is nothing to draw from"),
        ({"batch_size": "1..2", "random": 3}, "only 2 settings came out"),
        ({"seed": "1,2", "seeds": 3}, "--seeds: the seeds are given by --seed already"),
        ({"lr": "abc"}, "training.learning_rate: expected a number, got 'abc'"),
        ({"optimizer": "sgd,foo"}, "training.optimizer: expected one of sgd"),
        ({"network": ["dense 3", "dens 3"]}, "no layer is called 'dens'"),
        ({"batch_size": ",".join(map(str, range(1, 200))), "seeds": 100}, "these are more than 10000 runs"),
    ],
)
def test_what_is_wrong_is_told_before_anything_is_trained(given: dict[str, object], told: str) -> None:
    with pytest.raises(InputError) as refused:
        plan(**given)
    assert told in str(refused.value)


def test_the_same_plan_has_the_same_folder_and_another_one_is_refused_there(tmp_path: Path) -> None:
    first, second = plan(lr="0.1,0.2"), plan(lr="0.1,0.3")
    assert first.folder() == plan(lr="0.1,0.2").folder() != second.folder()
    claimed(first, tmp_path / "a").release()
    claimed(first, tmp_path / "a").release()
    for other, told in (
        (second, "without a run 2-lr=0.3"),
        (plan(lr="0.1,0.2", momentum="0.5"), "with another training.momentum"),
        (plan(lr="0.1,0.2,0.3"), "of 2 runs, and this one has 3"),
        (plan(lr="0.1,0.2", stop_hopeless=True), "with another --stop-hopeless"),
    ):
        with pytest.raises(InputError, match=f"another sweep is there \\({told}"):
            claimed(other, tmp_path / "a")
    (tmp_path / "b").mkdir()
    (tmp_path / "b/mine").touch()
    with pytest.raises(InputError, match="already exists and is not empty"):
        claimed(first, tmp_path / "b")
    held = claimed(first, tmp_path / "c")
    with pytest.raises(InputError, match="another nnviz is training into it"):
        claimed(first, tmp_path / "c")
    held.release()
    assert json.loads((tmp_path / "c/sweep.json").read_text())["runs"].keys() == {"1-lr=0.1", "2-lr=0.2"}


def test_every_value_with_every_other() -> None:
    choices = [read_choice(BY_NAME["lr"], ["1,2"]), read_choice(BY_NAME["grayscale"], ["yes,no"])]
    assert every(choices) == [{"lr": lr, "grayscale": gray} for lr in (1.0, 2.0) for gray in (True, False)]
