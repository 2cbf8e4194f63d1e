"""`nnviz check`: what it says, in words and as JSON, and how it ends."""

import json
import os
import re
import signal

import numpy as np
import pytest

from nnviz.headless import check as module
from nnviz.insight.checks.outcome import Outcome
from nnviz.insight.checks.recipe import RECIPE, Check
from tests.headless.command import in_this_process

SMALL = ["--examples", "60", "--epochs", "9", "--lr", "0.02"]
KEYS = {"check", "verdict", "done", "numbers", "alerts", "quiet", "unable", "reason"}
IDS = ["splits", "inputs", "targets", "first-loss", "gradients", "one-batch", "learning-rate", "run"]


@pytest.fixture
def nnviz(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    return in_this_process(monkeypatch, capfd)


def test_what_is_healthy_ends_with_0_in_lines_of_80_columns(nnviz, tmp_path):
    code, out, err = nnviz("check", "xor", *SMALL)
    assert code == 0, out
    assert max(map(len, out.splitlines())) <= 80
    assert re.findall(r"(?m)^(\d)\. .*: (.*)$", out) == [(str(k), "ok") for k in range(1, 9)]
    assert out.endswith("\n\n8 checks, and nothing is wrong.\n")
    assert [line for line in err.splitlines() if not re.fullmatch(r"nnviz: \d of 8: .* …", line)] == []
    assert not re.search(r"\bnan\b|None[,.)]|np\.", out)
    assert not list(tmp_path.iterdir()), "nothing is kept"


def test_programs_get_one_object_that_is_the_same_each_time(nnviz):
    first, second = (nnviz("check", "waves", *SMALL, "--seed", "2", "--json") for _ in range(2))
    assert first == second
    told = json.loads(first[1])
    assert {key: told[key] for key in ("source", "seed", "whole", "wrong")} == {
        "source": "waves",
        "seed": 2,
        "whole": True,
        "wrong": 0,
    }
    assert [one["check"] for one in told["checks"]] == IDS
    assert all(set(one) == KEYS for one in told["checks"])
    assert {one["verdict"] for one in told["checks"]} == {"ok"}


def test_what_is_wrong_ends_with_4_and_says_what_to_try(nnviz):
    code, out, _ = nnviz("check", "waves", *SMALL, "--lr", "5")
    assert code == 4
    assert "7. The rate where the loss falls fastest: wrong" in out
    assert "To try: A learning rate of " in " ".join(out.split())
    assert re.search(r"\d of 8 checks found something wrong: .*learning-rate", out)
    told = json.loads(nnviz("check", "waves", *SMALL, "--lr", "5", "--json")[1])
    found = {one["check"]: one for one in told["checks"] if one["verdict"] == "wrong"}
    assert told["wrong"] == len(found)
    (alert,) = found["learning-rate"]["alerts"]
    assert set(alert) == {"rule", "layer", "step", "seen", "why", "attempt", "changes"}
    rate = alert["changes"]["training"]["learning_rate"]
    assert rate == pytest.approx(found["learning-rate"]["numbers"]["fastest"], rel=0.05)
    assert alert["attempt"] == f"A learning rate of {rate} instead of 5."


def test_a_table_whose_test_rows_are_training_rows_is_found(nnviz, tmp_path):
    rows = np.random.default_rng(0).normal(size=(80, 3)).round(3)
    lines = [f"{a},{b},{c},{'yes' if a + b > 0 else 'no'}" for a, b, c in rows]
    (tmp_path / "t").mkdir()
    for name, part in (("train", lines), ("test", lines[:30])):
        (tmp_path / "t" / f"{name}.csv").write_text("\n".join(["a,b,c,label", *part]) + "\n")
    code, out, _ = nnviz("check", "t", "--epochs", "5", "--lr", "0.02")
    text = " ".join(out.split())
    assert code == 4
    assert re.search(r"\d+ of the 30 test examples have the same inputs as one to train on", text)


def test_a_run_is_looked_at_as_it_ended(nnviz):
    assert nnviz("train", "circles", *SMALL, "--optimizer", "adam", "--lr", "0.9", "--out", "run")[0] == 0
    before = sorted((str(p), p.stat().st_mtime_ns) for p in module.Path("run").rglob("*"))
    told = json.loads(nnviz("check", "run", "--json")[1])
    last = told["checks"][-1]
    result = json.loads(module.Path("run/result.json").read_text())
    assert last["numbers"]["steps"] == result["steps"]
    ended = {alert["rule"] for alert in last["alerts"]}
    assert "updates-too-large" in ended <= {alert["rule"] for alert in result["health"]["alerts"]}
    assert before == sorted((str(p), p.stat().st_mtime_ns) for p in module.Path("run").rglob("*"))
    code, out, err = nnviz("check", "run", "--lr", "0.1")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "--lr: a run goes on as it began, with 0.9" in err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nowhere"], "nowhere: no such folder or file"),
        (["xor", "--network", "dens 3"], "no layer is called 'dens'"),
        (["xor", "--out", "run"], "no such option: --out"),
    ],
)
def test_bad_input_is_one_line(nnviz, arguments, told):
    code, out, err = nnviz("check", *arguments)
    assert (code, out) == (2, "")
    assert told in err
    assert err.count("\n") == 1


def test_ctrl_c_ends_with_what_was_found_so_far(nnviz, monkeypatch):
    def interrupted(_, watch):
        os.kill(os.getpid(), signal.SIGINT)
        watch()
        return Outcome()

    recipe = (RECIPE[0], Check("waiting", "Waiting", interrupted), RECIPE[2])
    monkeypatch.setattr(module, "RECIPE", recipe)
    code, out, err = nnviz("check", "xor", *SMALL)
    assert code == 130
    assert "1. Examples that stand in two splits: ok" in out
    assert out.endswith("1 check, and nothing is wrong. Ended before 2 more checks.\n")
    assert "SIGINT: what was found so far is told" in err
    told = json.loads(nnviz("check", "xor", *SMALL, "--json")[1])
    assert (told["whole"], len(told["checks"])) == (False, 1)
