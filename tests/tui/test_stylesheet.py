"""What is parsed once is what Textual would parse each time, in every theme."""

from typing import Any

import pytest
from textual.css import stylesheet
from textual.css.stylesheet import Stylesheet

from nnviz.tui.themes import DARK_NAME, LIGHT_NAME
from tests.tui.conftest import OpenApp


def rules(sheet: Stylesheet) -> list[str]:
    """Each with what it says; layouts are the same where their names are."""
    return [f"{rule.selectors} {dict(rule.styles.get_rules())}" for rule in sheet.rules]


async def test_the_rules_are_textual_s_own_after_any_change_of_theme_and_are_parsed_once(
    open_app: OpenApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_app() as driver:
        ours, seen = driver.app.stylesheet, []
        for theme in (LIGHT_NAME, DARK_NAME, LIGHT_NAME):
            driver.app.theme = theme
            await driver.pilot.pause()
            textuals = Stylesheet(variables=driver.app.get_css_variables())
            textuals.source = ours.source
            textuals.parse()
            assert rules(ours) == rules(textuals)
            seen.append(rules(ours))
        assert seen[0] == seen[2] != seen[1]
        parsed: list[str] = []
        parse = stylesheet.parse

        def noticed(scope: str, css: str, *where: Any, **how: Any) -> Any:
            parsed.append(css)
            return parse(scope, css, *where, **how)

        monkeypatch.setattr(stylesheet, "parse", noticed)
        known = {source.content for source in ours.source.values()}
        # A page brings sources of its own.
        await driver.press("question_mark")
        assert len(ours.source) > len(known)
        assert not known & {*parsed}
