"""The whole page: what is told of all runs together, and of each."""

from base64 import b64encode
from collections.abc import Sequence
from importlib.resources import files
from io import BytesIO

import msgspec

from nnviz import __version__
from nnviz.array import Array
from nnviz.data.shown_task import shown_task
from nnviz.frame.health_view import HealthAccount
from nnviz.headless.listing import HEADS, row_of
from nnviz.headless.page.account import Account
from nnviz.headless.page.curves import figures_of, layers_of
from nnviz.headless.page.markup import element, folded, said, section, table, wide
from nnviz.headless.page.steering import told_entry
from nnviz.headless.report import OF_NUMBERS, frequent_confusions, score_rows
from nnviz.headless.scoring import Tested
from nnviz.insight.score_words import TENTHS, calibration_error, calibration_rows, class_rows, rule, threshold_rows
from nnviz.outside_text import printable, shown_names
from nnviz.remote.messages import Mistake
from nnviz.runs.result import Result
from nnviz.training.judgement import ClassJudgement
from nnviz.wording import count, duration, integer, number, percent

MOST_CLASSES, PAIRS = 30, 20
SHADE = 0.5
"""How dark a cell is in which all examples of a class are: what is written there can still be read."""
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
"""Whatever names and texts hold, the page fetches nothing."""


def page(accounts: Sequence[Account]) -> str:
    """The report of at least one run."""
    names = shown_names(tuple(account.logged.name for account in accounts))
    runs = [account.logged for account in accounts]
    curves = figures_of(names, runs)
    if len(accounts) == 1:
        title, told = names[0], _told(accounts[0], 2, curves)
    else:
        title = count(len(accounts), "run")
        each = [
            element("section", element("h2", said(name)), _told(account, 3, ""), id=f"run{place}")
            for place, (name, account) in enumerate(zip(names, accounts, strict=True), 1)
        ]
        together = [_overview(names, accounts), section(2, "Curves", curves), _differences(names, accounts)]
        told = "".join([*together, *each])
    body = [
        element("header", element("h1", said(title)), element("p", f"Written by nnviz {__version__}", class_="faint")),
        element("main", told),
    ]
    resources = files(__package__)
    style, script = ((resources / name).read_text("utf-8") for name in ("style.css", "zoom.js"))
    head = [
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", http_equiv="Content-Security-Policy", content=POLICY),
        element("title", said(f"nnviz: {title}")),
        element("style", style),
    ]
    return "<!doctype html>\n" + element(
        "html", element("head", *head), element("body", *body, element("script", script)), lang="en"
    )


def _overview(names: Sequence[str], accounts: Sequence[Account]) -> str:
    rows = [row_of(name, account.logged) for name, account in zip(names, accounts, strict=True)]
    links = [element("li", element("a", said(name), href=f"#run{place}")) for place, name in enumerate(names, 1)]
    return section(2, "Runs", table("How far each run came", HEADS, rows), element("ul", *links))


def _differences(names: Sequence[str], accounts: Sequence[Account]) -> str:
    settings = [account.logged.settings for account in accounts]
    keys = dict.fromkeys(key for each in settings for key in each)
    apart = [key for key in keys if len({each.get(key) for each in settings}) > 1]
    if not apart:
        return section(2, "Settings that differ", element("p", "None: all runs were set alike."))
    rows = [[key, *(each.get(key, "") for each in settings)] for key in apart]
    return section(2, "Settings that differ", table("Those of each run", ["setting", *names], rows, class_="words"))


def _told(account: Account, level: int, curves: str) -> str:
    """All that is told of one run alone, under headings of that level."""
    tested, result = account.tested, account.result
    sections = {
        "Scores": _scores(result) if result else "",
        "Curves": curves,
        "Which class was taken for which": _confusion(tested) if tested else "",
        "How well each class is told": _classes(tested) if tested else "",
        "The worst mistakes": _mistakes(account.mistakes) or _none(tested),
        "What ails it": _health(result.health) if result and result.health else "",
        "What each layer did": layers_of(account.layers) if account.layers else "",
        "Settings": _settings(account),
        "Do it again": _again(account),
    }
    notes = [element("p", said(line), class_="faint") for line in (*account.missing, *account.logged.notes)]
    return "".join([_facts(account), *notes, *(section(level, name, told) for name, told in sections.items())])


def _facts(account: Account) -> str:
    logged, result = account.logged, account.result
    facts = {"where": str(account.path), "trained by": logged.kind, "state": logged.state}
    if logged.title:
        facts["called"] = logged.title
    if result:
        facts |= {
            "length": f"{count(result.steps, 'training step')}, {count(result.epochs, 'epoch')}, "
            f"{duration(result.seconds)}",
            "parameters": integer(result.parameters),
            "stopped by": str(result.stopped_by),
            "network kept": f"that after step {integer(result.kept_step)}",
        }
    return table("The run", [], list(map(list, facts.items())), class_="words")


def _scores(result: Result) -> str:
    rows = score_rows(msgspec.to_builtins(result))
    if not rows:
        return ""
    more = f", {OF_NUMBERS}" if "RMSE" in rows[0] else ""
    return table(f"The network that is kept, on all examples of each split{more}", ["split", *rows[0][1:]], rows[1:])


def _classes(tested: Tested) -> str:
    """How well each class is told, and how sure the network may be taken at its word."""
    judgement, accuracy, names = tested.judgement, tested.assessment.score.accuracy, shown_task(tested.task).class_names
    if not isinstance(judgement, ClassJudgement) or accuracy is None:
        return ""
    heads, *rows = class_rows(judgement, names)
    parts = [table(f"Of {count(len(tested.scored), f'{tested.split} example')}", heads, rows)]
    if judgement.thresholds is not None:
        positive = tested.task.positive_class
        heads, *rows = threshold_rows(judgement.thresholds.at(TENTHS))
        parts.append(
            folded("Thresholds", table(rule(judgement.thresholds, names[positive], names[1 - positive]), heads, rows))
        )
    if judgement.calibration is not None:
        heads, *rows = calibration_rows(judgement.calibration)
        parts.append(folded("Calibration", table(calibration_error(judgement.calibration, accuracy), heads, rows)))
    return "".join(parts)


def _confusion(tested: Tested) -> str:
    confusion = tested.assessment.confusion
    if confusion is None:
        return ""
    names = shown_task(tested.task).class_names
    if len(names) > MOST_CLASSES:
        rows = [
            [names[label], names[other], integer(many)] for label, other, many in frequent_confusions(confusion, PAIRS)
        ]
        caption = f"The most frequent confusions of {count(len(tested.scored), f'{tested.split} example')}"
        return table(caption, ["label", "said", "examples"], rows, class_="words")
    caption = f"{tested.split}: rows are the labels, columns what the network said; counts, and shares of the row"
    heads = element(
        "tr", element("th", "label", scope="col"), *(element("th", said(name), scope="col") for name in names)
    )
    body = [
        element("tr", element("th", said(name), scope="row"), *_cells(label, row))
        for label, (name, row) in enumerate(zip(names, confusion, strict=True))
    ]
    whole = element(
        "table",
        element("caption", said(caption)),
        element("thead", heads),
        element("tbody", *body),
        class_="confusion",
    )
    return wide(whole, caption)


def _cells(label: int, row: Array) -> list[str]:
    total = int(row.sum())
    return [
        element(
            "td",
            said(integer(many)),
            element("small", said(percent(int(many) / total))) if total else "",
            class_="right" if place == label else None,
            style=f"background:rgba(var(--shade),{round(SHADE * int(many) / max(total, 1), 3)})",
        )
        for place, many in enumerate(row)
    ]


def _mistakes(mistakes: Sequence[Mistake]) -> str:
    shown = [
        element(
            "li",
            _picture(mistake.pixels, f"{mistake.name}, a picture of {mistake.label}"),
            element("p", said(mistake.text)) if mistake.text is not None else "",
            element("b", said(mistake.label)),
            f"<br>said {said(mistake.said)}",
            "" if mistake.probability is None else f" {said(percent(mistake.probability))}",
            f"<br>loss {said(number(mistake.loss))}<br>",
            element("span", said(mistake.name), class_="faint"),
        )
        for mistake in mistakes
    ]
    of_texts = any(mistake.text is not None for mistake in mistakes)
    return element("ul", *shown, class_="mistakes texts" if of_texts else "mistakes") if shown else ""


def _none(tested: Tested | None) -> str:
    """What to say where there is no mistake."""
    if tested is None or tested.assessment.confusion is None:
        return ""
    return element("p", said(f"None among {count(len(tested.scored), f'{tested.split} example')}."))


def _picture(pixels: Array | None, name: str) -> str:
    """The picture as the network saw it."""
    if pixels is None:
        return ""
    from PIL import Image

    content = BytesIO()
    Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels).save(content, "PNG")
    address = f"data:image/png;base64,{b64encode(content.getvalue()).decode()}"
    return element("img", src=address, alt=printable(name), width=pixels.shape[1], height=pixels.shape[0])


def _health(health: HealthAccount) -> str:
    alerts = [
        element(
            "li",
            f"{element('b', said(alert.rule))}, after {said(count(alert.step, 'step'))}: ",
            said(f"{alert.seen} {alert.why} To try: {alert.attempt}"),
        )
        for alert in health.alerts
    ]
    told = element("ul", *alerts) if alerts else element("p", "No rule of health has found anything.")
    quiet = folded(f"{count(len(health.quiet), 'rule')} found nothing", element("p", said(", ".join(health.quiet))))
    rows = [[rule, reason] for rule, reason in health.unable.items()]
    unable = table("Rules that could not run", ["rule", "why"], rows, class_="words")
    return told + quiet + (folded(f"{count(len(rows), 'rule')} could not run", unable) if rows else "")


def _settings(account: Account) -> str:
    rows = [[key, value] for key, value in account.logged.settings.items()]
    if not rows:
        return ""
    return folded(
        count(len(rows), "setting"), table("As they were asked for", ["setting", "value"], rows, class_="words")
    )


def _again(account: Account) -> str:
    if account.experiment is None:
        return ""
    address = f"data:application/toml;base64,{b64encode(account.experiment.encode()).decode()}"
    saved = element("a", "experiment.toml", href=address, download="experiment.toml")
    parts = [
        element("p", f"Save {saved}, and in its folder:"),
        element("pre", element("code", "nnviz train --config experiment.toml")),
        folded("What it holds", element("pre", element("code", _lines(account.experiment)))),
    ]
    if account.steered:
        entries = [element("li", said(told_entry(entry))) for entry in account.steered]
        parts.append(element("p", "While it was trained, this came from outside, which the command does not repeat:"))
        parts.append(element("ul", *entries))
    return "".join(parts)


def _lines(text: str) -> str:
    return "\n".join(map(said, text.splitlines()))
