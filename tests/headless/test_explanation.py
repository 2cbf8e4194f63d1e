"""`nnviz explain`: the numbers of one training step, as plain NumPy computes them, in sentences and as JSON."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from nnviz.frame.focus import Focus
from nnviz.frame.frame import Rates, State
from nnviz.frame.stages import Phase
from nnviz.options import Options
from nnviz.training.assembly import assemble, open_dataset
from nnviz.training.camera import Camera
from tests.headless.command import in_this_process
from tests.tui.oracle import recompute

OPTIONS = ["--examples", "40", "--batch-size", "5", "--lr", "0.5", "--seed", "3", "--epochs", "9"]


@pytest.fixture
def nnviz(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    return in_this_process(monkeypatch, capfd)


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "e.toml"
    path.write_text('[training]\ndtype = "float64"\nmomentum = 0.0\nthreads = 1\n', encoding="utf-8")
    return path


def trainer_at(step, config, **options):
    made = Options.of(
        config=config, examples=40, batch_size=5, lr=0.5, seed=3, epochs=9, source="circles", **options
    ).experiment()
    trainer = assemble(made, open_dataset(made))
    for _ in range(step - 1):
        trainer.step()
    trainer.advance()
    return trainer


@pytest.mark.parametrize("output", ["softmax", "sigmoid"])
@pytest.mark.parametrize(("weight", "place"), [("dense1[2, x]", (0, 2)), ("dense2[ring, 3]", (3, 1))])
def test_each_number_is_that_of_plain_numpy(nnviz, config, output, weight, place):
    step, example = 11, 2
    network = "dense 6 tanh"
    code, out, _ = nnviz(
        *("explain", "circles", "--config", config, *OPTIONS, "--network", network, "--output", output),
        *("--at-step", step, "--example", example, "--weight", weight, "--json"),
    )
    assert code == 0
    told = json.loads(out)
    trainer = trainer_at(step, config, network=network, output=output)
    seen = recompute(trainer, trainer.engine.batch.inputs, trainer.engine.batch.targets)
    at, layer = example - 1, weight.partition("[")[0]

    def agree(found, expected):
        np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12)

    assert (told["step"], told["example"]["number"]) == (step, int(trainer.engine.batch.indices[at]) + 1)
    for k, row in enumerate(told["outputs"]):
        agree([row["z"], row["p"], row["p-y"]], [seen.given[-1][at, k], seen.prediction[at, k], seen.errors[at, k]])
    agree([told["loss"]["example"], told["loss"]["batch"]], [seen.losses[at], seen.loss])
    for stage, given in zip(told["stages"], seen.given[1:], strict=False):
        assert stage["total"] == given.shape[1]
        agree(
            [unit["gave"] for unit in stage["units"]],
            sorted(given[at], key=lambda n: -abs(n)) if stage["layer"] != "dense2" else given[at],
        )
    index = {"dense1": 0, "dense2": 2}[layer]
    chain = told["weight"]
    agree(chain["value"], seen.weights[layer][place])
    agree([chain["a"], chain["∂L/∂z"]], [seen.given[index][at, place[0]], seen.slopes[index + 1][at, place[1]]])
    agree(chain["of_this_example"], seen.given[index][at, place[0]] * seen.slopes[index + 1][at, place[1]])
    agree(chain["of_this_example"] + chain["of_the_others"], seen.grad_weights[layer][place])
    agree(chain["∂L/∂w"], seen.grad_weights[layer][place])
    agree(chain["Δw"], -0.5 * seen.grad_weights[layer][place])
    agree(chain["new_value"], chain["value"] + chain["Δw"])
    for link in chain["chain"]:
        agree(sum(term["product"] for term in link["terms"]) + link["sum_of_others"], link["sum"])
    if layer == "dense1":
        slope, _, above, *_ = chain["chain"]
        assert [link["derivative"] for link in chain["chain"]][:3] == ["∂L/∂z", "∂L/∂a", "∂L/∂z"]
        agree(chain["chain"][1]["sum"], seen.slopes[2][at, place[1]])
        agree([slope["sum"], slope["terms"][0]["derivative"]], [chain["∂L/∂z"], chain["chain"][1]["sum"]])
        assert slope["rule"] == "= ∂L/∂a · slope of tanh"
        assert np.isclose(above["sum"], seen.slopes[3][at], rtol=1e-10, atol=0).any()
    for blamed in told["blame"]["of_the_batch"]:
        name, worst = blamed["layer"], blamed["weights"][0]
        found = np.abs(np.append(seen.grad_weights[name], seen.grad_biases[name]))
        agree([abs(worst["gradient"]), worst["part"]], [found.max(), found.max() / found.sum()])
    by_share = [
        np.append(w * g, b * h)
        for w, g, b, h in zip(
            seen.weights.values(),
            (seen.grad_weights[k] for k in seen.weights),
            seen.biases.values(),
            (seen.grad_biases[k] for k in seen.biases),
            strict=True,
        )
    ]
    agree(abs(told["blame"]["by_share"][0]["measured"]), np.abs(np.concatenate(by_share)).max())
    alone = [np.append(np.outer(seen.given[k][at], seen.slopes[k + 1][at]), seen.slopes[k + 1][at]) for k in (0, 2)]
    agree(abs(told["blame"]["of_the_example"][0]["gradient"]), np.abs(np.concatenate(alone)).max())
    trainer.step()
    again = recompute(trainer, trainer.engine.batch.inputs, trainer.engine.batch.targets)
    agree(told["outcome"]["batch_loss"], again.loss)
    agree(list(told["outcome"]["predictions"].values()), again.prediction[at])


def test_the_worked_example_is_told_with_its_published_numbers(nnviz):
    code, out, _ = nnviz("explain", "worked", "--weight", "dense2[o1, 0]")
    text = " ".join(out.split())
    assert code == 0
    for heading in ("forward pass", "ground truth", "The loss", "chain rule", "Blame", "The update", "Did it help?"):
        assert heading in text
    for published in (
        *("+0.593269992", "+0.596884378", "0.75136507", "0.772928465", "= 0.298371109", "+0.138498562"),
        *("∂L/∂w = +0.082167041;", "w + Δw = +0.358916480."),
    ):
        assert published in text, published
    _, out, _ = nnviz("explain", "worked", "--weight", "dense1[0, i1]")
    text = " ".join(out.split())
    assert "∂L/∂w = +0.000438568;" in text
    assert "w + Δw = +0.149780716." in text
    assert "∂L/∂a = +0.0363503064." in text


KERNELS = "conv 3 3x3 batchnorm relu, pool 2, conv 2 2x2, dense 4 batchnorm tanh, dropout 0.2"
WEIGHTS = {
    "conv1[map 2, kernel (0,1) red]": ("conv1.weights", (0, 1, 0, 2)),
    "conv1[2, 5]": ("conv1.weights", (0, 1, 2, 2)),
    "conv2[map 1, kernel (1,0) map 2]": ("conv2.weights", (1, 0, 2, 1)),
    "conv2[1, bias]": ("conv2.biases", (1,)),
    "batchnorm1[map 2, scale]": ("batchnorm1.scales", (2,)),
    "batchnorm1[0, shift]": ("batchnorm1.shifts", (0,)),
    "batchnorm2[unit 3, scale]": ("batchnorm2.scales", (3,)),
    "dense1[unit 1, map 1 (0,2)]": ("dense1.weights", (5, 1)),
    "dense2[dog, unit 2]": ("dense2.weights", (2, 1)),
}


@pytest.mark.parametrize(("written", "place"), WEIGHTS.items(), ids=WEIGHTS)
def test_a_weight_of_any_layer_is_told_with_what_the_inspector_shows(nnviz, config, written, place):
    options = ["--image-size", 8, "--network", KERNELS, "--batch-size", 5, "--seed", 3]
    code, out, _ = nnviz(
        *("explain", "pets", "--config", config, *options, "--at-step", 3, "--example", 2),
        *("--weight", written, "--json"),
    )
    assert code == 0
    told = json.loads(out)["weight"]
    made = Options.of(config=config, source="pets", image_size=8, network=KERNELS, batch_size=5, seed=3).experiment()
    trainer = assemble(made, open_dataset(made))
    trainer.step()
    trainer.step()
    trainer.finish_phase(Phase.BACKWARD)
    (name, index), parameters = place, trainer.network.parameters
    found = [float(parameters.named(vector)[name][index]) for vector in (None, parameters.gradients)]
    assert [told["value"], told["∂L/∂w"]] == found
    assert (f"{told['layer']}.{told['kind']}", tuple(told["at"])) == place
    np.testing.assert_allclose(told["of_this_example"] + told["of_the_others"], told["∂L/∂w"], rtol=1e-10, atol=1e-15)
    camera = Camera(trainer)
    frames = (
        camera.take(Focus(1, block, unit=unit, input=number), State.PAUSED, Rates())
        for block in range(camera.blocks)
        for unit in range(4)
        for number in (*range(20), -1, -2)
    )
    views = (frame.unit for frame in frames if frame.unit.weight is not None)
    view = next(
        view for view in views if (view.weight.layer, view.weight.kind, view.weight.at) == at_of(trainer, place)
    )
    assert [view.weight.a, view.weight.grad_z, view.weight.share] == [
        told["a"],
        told["∂L/∂z"],
        told["of_this_example"],
    ]
    assert [link.sum.total for link in view.links] == [link["sum"] for link in told["chain"]]
    trainer.finish_phase(Phase.UPDATE)
    assert told["new_value"] == float(parameters.named()[name][index])
    # The name that is told is one that names it.
    code, out, _ = nnviz(
        *("explain", "pets", "--config", config, *options, "--at-step", 3, "--example", 2),
        *("--weight", told["name"], "--json"),
    )
    assert json.loads(out)["weight"] == told


def at_of(trainer, place):
    layer, kind = place[0].split(".")
    return [layer.name for layer in trainer.network.layers].index(layer), kind, place[1]


def test_pictures_and_numbers_are_told_too_and_lines_are_not_too_long(nnviz):
    network = "conv 3 3x3 batchnorm relu, pool 2, dense 4 relu, dropout 0.2"
    for source, options in (("pets", ["--image-size", 8, "--network", network]), ("waves", [])):
        code, out, _ = nnviz("explain", source, *options)
        assert code == 0
        assert max(map(len, out.splitlines())) <= 96
        assert not re.search(r"\bnan\b|None|np\.", out)


def test_a_run_is_told_with_the_rates_that_were_chosen_in_it(nnviz, config):
    code, *_ = nnviz("train", "circles", "--config", config, *OPTIONS, "--steps", 9, "--out", "run")
    assert code == 0
    told = json.loads(nnviz("explain", "run", "--at-step", 9, "--weight", "dense1[0, bias]", "--json")[1])
    kept = load_file("run/checkpoints/final.safetensors")
    assert told["weight"]["new_value"] == kept["dense1.biases"][0]
    assert nnviz("explain", "run", "--lr", 0.1)[::2] == (
        2,
        "nnviz: --lr: a run goes on as it began, with 0.5; only --epochs, --steps and --seconds may be raised\n",
    )
    assert nnviz("explain", "run", "--at-step", 99)[2] == "nnviz: run: it has no step 98; it came to step 9\n"
    with open("run/journal.jsonl", "a", encoding="utf-8") as file:
        file.write('{"what": "learning rate", "step": 4, "learning_rate": 0.125}\n')
    told = [json.loads(nnviz("explain", "run", "--at-step", step, "--json")[1]) for step in (4, 5, 6)]
    assert [each["learning_rate"] for each in told] == [0.5, 0.125, 0.125]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--example", 6], "--example: the batch has 5 examples; give a number from 1 to 5"),
        (["--weight", "dense1"], "--weight: 'dense1' names no weight; write it as"),
        (
            ["--weight", "tanh1[0, 0]"],
            "--weight: 'tanh1' is no layer with weights of this network; there are dense1 and dense2",
        ),
        (["--weight", "dense2[cow, 0]"], "no unit of dense2 called 'cow'; there are 0 to 1, or disc and ring"),
        (["--weight", "dense1[0, 2]"], "no input of dense1 called '2'; there are 0 to 1, or x and y"),
        (["--weight", "dense1[0, scale]"], "no input of dense1 called 'scale'; there are 0 to 1, or x and y"),
        (["--at-step", 0], "invalid value for '--at-step'"),
    ],
)
def test_what_is_not_there_is_said_in_one_line(nnviz, config, arguments, told):
    code, out, err = nnviz("explain", "circles", "--config", config, *OPTIONS, *arguments)
    assert (code, out) == (2, "")
    assert told in err
    assert err.count("\n") == 1


def test_a_run_that_began_with_weights_from_a_file_can_be_done_again_without_it(nnviz):
    options = ["--examples", 40, "--network", "dense 4 tanh", "--steps", 9, "--json"]
    assert nnviz("train", "circles", *options, "--seed", 3, "--out", "first")[0] == 0
    file = Path("first/checkpoints/final.safetensors").rename("weights.safetensors")
    code, _, err = nnviz("train", "circles", *options, "--weights", file, "--out", "second")
    assert code == 0
    assert f"the first weights are {file.absolute()}" in err
    told = json.loads(nnviz("explain", "second", "--weight", "dense1[0, bias]", "--json")[1])
    assert told["weight"]["value"] == pytest.approx(float(load_file(file)["dense1.biases"][0]))
    assert told["begins_from"] == str(file.absolute())
    file.unlink()
    assert json.loads(nnviz("explain", "second", "--weight", "dense1[0, bias]", "--json")[1]) == told
    assert nnviz("train", "--resume", "second", "--steps", 12, "--json")[0] == 0
    assert nnviz("predict", "second", "nothing.npy")[2].count("nothing.npy") == 1
