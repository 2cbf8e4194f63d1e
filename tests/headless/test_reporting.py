"""`nnviz report`: the numbers on the page are those of the run, and the page needs nothing else."""

import json
import os
import shutil
import subprocess
from base64 import b64decode
from io import BytesIO
from pathlib import Path

import msgspec
import numpy as np
import pytest
from PIL import Image

from nnviz.outside_text import printable
from nnviz.training.journal import Choice, Rate, Weight
from nnviz.wording import number, percent
from tests.headless.command import in_this_process
from tests.headless.pages import read_page, rows_of
from tests.hostile_text import HOSTILE

HEADINGS = ["Scores", "Curves", "Which class was taken for which", "How well each class is told"]
HEADINGS += ["The worst mistakes", "What ails it", "What each layer did", "Settings", "Do it again"]
CHROMIUM = shutil.which("chromium")
# Keys as somebody presses them on the first figure, and what is to be read there afterwards.
KEYS = """
<script>
const plot = document.querySelector(".plot"), svg = plot.querySelector("svg"), told = [];
const press = (key, more) => plot.dispatchEvent(new KeyboardEvent("keydown", {key, ...more}));
const look = () => told.push([svg.getAttribute("viewBox").split(" ").map(Number),
  document.querySelector(".readout").textContent, plot.querySelectorAll(".tick.x").length]);
for (const keys of [["Home"], ["ArrowRight"], ["End"], ["+"], ["+"], ["ArrowLeft"], ["-", "-", "-"], ["Escape"]]) {
  keys.forEach((key) => press(key)); look();
}
const box = svg.getBoundingClientRect(), at = (share) => ({clientX: box.left + share * box.width, button: 0});
press("0");
for (const [kind, share] of [["pointerdown", 0.25], ["pointermove", 0.5], ["pointerup", 0.75]])
  plot.dispatchEvent(new PointerEvent(kind, at(share)));
look(); plot.dispatchEvent(new MouseEvent("dblclick")); look();
document.title = JSON.stringify(told);
</script></body>
"""


@pytest.fixture
def command(monkeypatch, capfd):
    return in_this_process(monkeypatch, capfd)


@pytest.fixture(scope="module")
def run(trained):
    return Path(trained["run"])


@pytest.fixture
def page(command, run, tmp_path):
    code, out, err = command("report", run, "-o", tmp_path / "report.html")
    assert (code, out, err) == (0, "", f"nnviz: 1 run told in {tmp_path}/report.html\n")
    return read_page((tmp_path / "report.html").read_text())


def table(page, caption):
    """The rows of the table whose caption begins so."""
    [found] = [each for each in page.all("table") if each.one("caption").text.startswith(caption)]
    return rows_of(found)


def test_it_tells_all_there_is_under_headings_of_one_order(page, run):
    assert [heading.text for heading in page.all("h2")] == HEADINGS
    assert page.one("h1").text == page.one("title").text.removeprefix("nnviz: ") == run.name
    assert page.one("html", lang="en")


def test_nothing_is_loaded_from_elsewhere(page):
    addresses = [
        node.attributes.get(name)
        for tag in ("a", "img", "script", "link")
        for node in page.all(tag)
        for name in ("src", "href")
        if node.attributes.get(name)
    ]
    assert addresses
    assert all(address.startswith("data:") for address in addresses)
    [policy] = [node for node in page.all("meta") if node.attributes.get("http-equiv")]
    assert policy.attributes["content"].startswith("default-src 'none'; img-src data:;")
    assert "url(" not in page.one("style").text
    assert "http" not in page.one("style").text + page.one("script").text


def test_scores_and_confusions_are_those_of_the_run(page, run, command):
    result = json.loads((run / "result.json").read_text())
    heads, *rows = table(page, "The network that is kept")
    assert heads[:3] == ["split", "loss", "accuracy"]
    assert [row[:3] for row in rows] == [
        [split, number(result[split]["loss"], 4), percent(result[split]["accuracy"])]
        for split in ("train", "validation", "test")
    ]
    tested = json.loads(command("test", run, "--json")[1])
    heads, *rows = table(page, "test: rows are the labels")
    assert heads == ["label", *tested["classes"]]
    for row, name, counts in zip(rows, tested["classes"], tested["confusion"], strict=True):
        assert row == [name, *(f"{many}{percent(many / sum(counts))}" for many in counts)]
    heads, *rows = table(page, "Of 10 test examples")
    for row, score in zip(rows, tested["each_class"], strict=True):
        assert dict(zip(heads, row, strict=True))["recall"] == percent(score["recall"])


def test_curves_and_the_tables_behind_them_are_the_lines_of_the_metrics(page, run):
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    loss, accuracy = (figure for figure in page.all("figure")[:2])
    assert [figure.one("figcaption").text for figure in (loss, accuracy)] == ["loss over step", "accuracy over step"]
    expected = {
        "train, mean of its steps": [line["mean_step_loss"] for line in lines if line["split"] == "train"],
        "validation": [line["loss"] for line in lines if line["split"] == "validation"],
    }
    drawn = {
        each.attributes["data-label"]: each.attributes for each in loss.all("path") if "data-label" in each.attributes
    }
    assert drawn.keys() == expected.keys()
    steps = [line["step"] for line in lines if line["split"] == "train"]
    for label, attributes in drawn.items():
        assert json.loads(attributes["data-values"]) == pytest.approx(expected[label])
        assert json.loads(attributes["data-steps"]) == steps
        # Where the line goes: from the lower left corner of a square of 1000, with the margins of both axes.
        x, y = (json.loads(loss.one("div", **{"class": "plot"}).attributes[f"data-{axis}"]) for axis in "xy")
        points = [tuple(map(float, point.split())) for point in attributes["d"][1:].split("L")]
        expected_points = [
            (1000 * (step - x[0]) / (x[1] - x[0]), 1000 * (y[1] - value) / (y[1] - y[0]))
            for step, value in zip(steps, expected[label], strict=True)
        ]
        np.testing.assert_allclose(points, expected_points, rtol=0, atol=0.01)
    heads, *rows = rows_of(loss.one("table"))
    assert heads == ["step", *expected]
    assert rows == [
        [str(step), *(number(values[place], 4) for values in expected.values())] for place, step in enumerate(steps)
    ]


def test_mistakes_are_shown_with_the_pictures_that_the_network_saw(command, pictures, tmp_path):
    run = tmp_path / "weak"
    command("train", pictures, "--image-size", "8", "--network", "dense 2 tanh", "--steps", "1", "--out", run)
    command("report", run, "-o", tmp_path / "report.html")
    page = read_page((tmp_path / "report.html").read_text())
    tested = json.loads(command("test", run, "--json")[1])
    shown = page.one("ul", **{"class": "mistakes"}).children
    confusion = np.array(tested["confusion"])
    assert len(shown) == confusion.sum() - np.trace(confusion) > 0
    for mistake in shown:
        image = mistake.one("img")
        name = mistake.one("span").text
        assert image.attributes["alt"] == f"{name}, a picture of {mistake.one('b').text}"
        stored = np.asarray(Image.open(BytesIO(b64decode(image.attributes["src"].partition(",")[2]))))
        np.testing.assert_array_equal(stored, np.asarray(Image.open(pictures / name)))


def test_where_there_is_no_mistake_it_says_so(page, run):
    assert json.loads((run / "result.json").read_text())["test"]["accuracy"] == 1
    assert "None among 10 test examples." in [paragraph.text for paragraph in page.all("p")]


def test_every_table_and_figure_can_be_read_without_seeing_it(page):
    assert all(node.attributes.get("scope") in ("row", "col") for node in page.all("th"))
    assert all(len(node.all("caption")) == 1 for node in page.all("table"))
    assert all(node.attributes.get("alt") for node in page.all("img"))
    assert all(len(figure.all("table")) == 1 for figure in page.all("figure"))
    for node in page.all("svg"):
        assert node.attributes["aria-hidden"] == "true"


def test_what_each_layer_did_ends_where_the_run_has_it(page, run):
    from nnviz.frame.layer_measures import MEASURES, Measure
    from nnviz.runs.stored_history import stored_layer_history
    from nnviz.runs.trained_network import load_run
    from nnviz.training.layer_traits import traits_of

    history = stored_layer_history(run, [traits_of(layer) for layer in load_run(run).network.layers])
    heads, *rows = table(page, "What each layer did")
    assert [row[0] for row in rows] == ["dense1", "relu1", "dense2"]
    for layer, row in zip((0, 2), rows[::2], strict=True):
        size = float(history.latest[layer, MEASURES.index(Measure.WEIGHTS)])
        assert row[heads.index("size of the weights")] == number(size)


def test_the_command_does_it_again(page, run, command, tmp_path, monkeypatch):
    assert (
        page.one("pre").text
        if len(page.all("pre")) == 1
        else page.all("pre")[0].text == ("nnviz train --config experiment.toml")
    )
    (tmp_path / "experiment.toml").write_bytes(b64decode(page.one("a").attributes["href"].partition(",")[2]))
    monkeypatch.chdir(tmp_path)
    assert command("train", "--config", "experiment.toml", "--out", "again")[0] == 0
    first, again = (json.loads((path / "result.json").read_text()) for path in (run, tmp_path / "again"))
    assert [again[split] for split in ("train", "test")] == [first[split] for split in ("train", "test")]


def test_several_runs_are_laid_over_each_other_with_what_sets_them_apart(command, run, pictures, tmp_path):
    options = ["--image-size", "8", "--network", "dense 8 relu", "--lr", "0.02", "--epochs", "4"]
    command("train", pictures, *options, "--out", tmp_path / "other")
    (tmp_path / "log.csv").write_text("step,train/loss\n1,0.5\n2,nan\n3,0.25\n4,inf\n")
    target = tmp_path / "report.html"
    assert command("report", run, tmp_path / "other", tmp_path / "log.csv", "-o", target)[0] == 0
    page = read_page(target.read_text())
    assert page.one("h1").text == "3 runs"
    assert [row[0] for row in table(page, "How far each run came")] == ["run", run.name, "other", "log.csv"]
    apart = {row[0]: row[1:] for row in table(page, "Those of each run")}
    assert apart["setting"] == [run.name, "other", "log.csv"]
    assert apart["training.learning_rate"] == ["0.01", "0.02", ""]
    [loss] = [figure for figure in page.all("figure") if figure.one("figcaption").text == "loss over step"]
    labels = [path.attributes["data-label"] for path in loss.all("path") if "data-label" in path.attributes]
    assert f"{run.name} · validation" in labels
    assert "log.csv · train" in labels
    # What is not a number is shown as what it is, and breaks the line.
    assert [mark.text for mark in loss.all("span") if mark.attributes["class"].startswith("odd")] == ["NaN", "∞"]
    heads, *rows = rows_of(loss.one("table"))
    of_log = {row[0]: row[heads.index("log.csv · train")] for row in rows}
    assert {step: of_log[step] for step in "1234"} == {"1": "0.5000", "2": "NaN", "3": "0.2500", "4": "∞"}


def test_alerts_and_what_came_from_outside_are_told_as_the_run_has_them(command, run, tmp_path):
    shutil.copytree(run, tmp_path / "run")
    result = json.loads((run / "result.json").read_text())
    alert = {"rule": "spikes", "layer": None, "step": 3, "seen": "<It> rose.", "why": "That hurts.", "attempt": "Less."}
    result["health"] = {"alerts": [alert], "quiet": ["a", "b"], "unable": {"c": "there is no c"}}
    (tmp_path / "run" / "result.json").write_text(json.dumps(result))
    entries = [Rate(2, 0.5), Choice(4, "training.momentum", 0.5), Weight(5, "dense1.weights", (0, 1), 2.0, 1.0)]
    (tmp_path / "run" / "journal.jsonl").write_bytes(b"".join(msgspec.json.encode(entry) + b"\n" for entry in entries))
    assert command("report", tmp_path / "run", "-o", tmp_path / "report.html")[0] == 0
    page = read_page((tmp_path / "report.html").read_text())
    told = [node.text for node in page.all("li")]
    assert "spikes, after 3 steps: <It> rose. That hurts. To try: Less." in told
    assert told[-3:] == [
        "after 2 training steps: the learning rate became 0.5",
        "after 4 training steps: training.momentum became 0.5",
        "after 5 training steps: dense1.weights[0, 1] was set to 2.00, from 1.00",
    ]
    assert {"2 rules found nothing", "1 rule could not run"} <= {node.text for node in page.all("summary")}
    assert table(page, "Rules that could not run")[1] == ["c", "there is no c"]


def test_a_run_whose_examples_are_gone_is_told_without_them(command, run, tmp_path, pictures):
    shutil.copytree(run, tmp_path / "moved")
    experiment = tmp_path / "moved" / "experiment.toml"
    experiment.write_text(experiment.read_text().replace(str(pictures), str(tmp_path / "nowhere")))
    assert command("report", tmp_path / "moved", "-o", tmp_path / "report.html")[0] == 0
    page = read_page((tmp_path / "report.html").read_text())
    assert "The worst mistakes" not in [heading.text for heading in page.all("h2")]
    assert any("if it has moved, say where with --data" in note.text for note in page.all("p"))
    assert table(page, "What each layer did")


@pytest.mark.parametrize(
    "name", ["</style><script>alert(1)</script>", "\"'><img src=x onerror=alert(1)>&amp;", HOSTILE["sequences"]]
)
def test_names_of_outside_stay_text(command, tmp_path, name):
    folder = tmp_path / "logs"
    folder.mkdir()
    (folder / "log.jsonl").write_text("".join(f"{json.dumps({'step': k, name: k / 2})}\n" for k in range(4)))
    command("report", folder, "-o", tmp_path / "report.html")
    page = read_page((tmp_path / "report.html").read_text())
    assert len(page.all("script")) == len(page.all("style")) == 1
    assert not page.all("img")
    assert printable(name).strip() in page.text


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["-o", "report.pdf"], "report.pdf: a report is a page for a browser; give a name that ends in .html"),
        (["-o", "there.html"], "there.html: there already; choose another name, or replace it with --force"),
        (["-o", "nowhere/report.html"], "nowhere/report.html: cannot be written (No such file or directory)"),
        (["missing", "-o", "new.html"], "missing: "),
    ],
)
def test_what_will_not_do_is_refused_in_one_line(command, run, tmp_path, monkeypatch, arguments, said):
    monkeypatch.chdir(tmp_path)
    Path("there.html").write_text("mine")
    code, out, err = command("report", run, *arguments)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert said in err
    assert os.listdir() == ["there.html"]
    assert Path("there.html").read_text() == "mine"


@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here")
def test_keys_zoom_and_read_the_curves_in_a_browser(command, run, tmp_path):
    command("report", run, "-o", tmp_path / "report.html")
    text = (tmp_path / "report.html").read_text()
    (tmp_path / "pressed.html").write_text(text.replace("</body>", KEYS))
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
    profile = f"--user-data-dir={tmp_path / 'profile'}"
    done = subprocess.run(
        [CHROMIUM, *options, profile, "--dump-dom", f"file://{tmp_path / 'pressed.html'}"],
        capture_output=True,
        text=True,
    )
    told = json.loads(done.stdout.partition("<title>")[2].partition("</title>")[0])
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    read = [
        f"{train['step']}: train, mean of its steps {number(train['mean_step_loss'], 4)} · "
        f"validation {number(judged['loss'], 4)}"
        for train, judged in zip(lines[::2], lines[1::2], strict=True)
    ]
    boxes, readouts, ticks = zip(*told, strict=True)
    middle = len(read) // 2 - 1
    assert readouts[:8] == (read[0], read[1], read[-1], read[-1], read[-1], read[-2], read[-2], "")
    assert readouts[8] in (read[middle], read[middle + 1])
    assert [round(box[2]) for box in boxes] == [1000, 1000, 1000, 500, 250, 250, 1000, 1000, 500, 1000]
    assert all(many >= 2 for many in ticks)
