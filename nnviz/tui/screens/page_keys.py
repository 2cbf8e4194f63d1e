"""The keys that open a page, and what is asked of the trainer for it and from it."""

from functools import partial

from nnviz.frame.blame_view import BlameView
from nnviz.frame.frame import Frame
from nnviz.frame.health_view import HealthView
from nnviz.frame.stages import Phase
from nnviz.frame.verification_view import VerificationView
from nnviz.insight.chain_rule import weight_name
from nnviz.insight.unit_words import unit_title
from nnviz.remote import messages as m
from nnviz.tui.drawing.loss_series import Shown
from nnviz.tui.drawing.palette import Palette
from nnviz.tui.panes.heatmap import HeatmapPane
from nnviz.tui.panes.loss import LossPane
from nnviz.tui.screens.asking import in_turn
from nnviz.tui.screens.teaching import TeachingScreen


class PageKeys(TeachingScreen):
    """Actions that put a page over the screen. A page is imported when it is first opened."""

    _palette: Palette

    def action_go_to(self) -> None:
        """Ask where to, and go there."""
        from nnviz.tui.screens.go_to import GoToScreen

        moment = self.frame.moment
        self.app.push_screen(GoToScreen(moment.furthest, moment.batches), self._go_to)

    @in_turn
    async def _go_to(self, place: m.Destination | m.EndOfEpoch | int | None) -> None:
        if place is not None:
            await self._ask(m.GoTo(place))

    def action_set_weight(self) -> None:
        """Ask for another value of the weight under the cursor, and do this training step with it."""
        from nnviz.tui.screens.set_weight import SetWeightScreen

        frame, unit = self.frame, self.frame.unit
        if self.is_training:
            self.notify("a weight is set while training rests: pause first (space)", timeout=4)
        elif unit is None or unit.weight is None:
            self.notify("choose a weight first: 1 and the arrows point at a unit, 5 and ← → at its weight", timeout=6)
        else:
            weight, landed = unit.weight, frame.has_reached(Phase.UPDATE)
            name = f"{unit_title(frame, unit)} · {weight_name(frame, unit, weight)}"
            value = weight.value + (weight.update or 0.0) * landed
            decide = partial(self._set_weight, f"{frame.layers[weight.layer].name}.{weight.kind}", weight.at)
            holds = "The next training step begins with it" if landed else "This training step is done again with it"
            self.app.push_screen(SetWeightScreen(name, value, frame.title.decimals, holds), decide)

    @in_turn
    async def _set_weight(self, name: str, index: tuple[int, ...], value: float | None) -> None:
        if value is None:
            return
        await self._ask(m.SetWeight(name, index, value))
        if self.frame.moment.is_back:
            self.notify("the next step with it begins a branch; what was is kept (B)", timeout=5)

    @in_turn
    async def action_health(self) -> None:
        """What each layer does, and what the rules of health say."""
        from nnviz.tui.screens.health import HealthScreen

        view = await self._health()
        if view is not None:
            self.app.push_screen(HealthScreen(view, self._palette, self._health), self._ask_of_health)

    @in_turn
    async def _ask_of_health(self, request: m.Try | m.Follow | None) -> None:
        """What is tried, or followed, is seen in the loss pane; what is followed can be read out there at once."""
        if request is None:
            return
        await self._ask(request)
        if self._maximized is not None:
            self.action_maximize_pane()
        pane = self.query_one(LossPane)
        if isinstance(request, m.Follow):
            pane.choose(Shown.FOLLOWED)
            pane.focus()
        else:
            pane.choose(Shown.LOSS)

    async def _health(self) -> HealthView | None:
        answer = None if self._dead else await self._answer(self._link.ask(m.Health()))
        return answer if isinstance(answer, HealthView) else None

    @in_turn
    async def action_options(self) -> None:
        """What the run goes by, and what of it is to be changed."""
        from nnviz.tui.screens.options import OptionsScreen

        view = await self._options(m.Options())
        if view is not None:
            screen = OptionsScreen(view, self._palette, self._options, self._show_recipe)
            self.app.push_screen(screen, self._see_options)

    async def _options(self, request: m.Options | m.Choose | m.BeginWith) -> m.OptionsView | None:
        answer = None if self._dead else await self._answer(self._link.ask(request))
        if isinstance(answer, Frame):
            # It says why nothing can be changed.
            self._show(answer)
        return answer if isinstance(answer, m.OptionsView) else None

    async def _show_recipe(self) -> None:
        from nnviz.tui.screens.recipe import RecipeScreen

        answer = None if self._dead else await self._answer(self._link.ask(m.DoAgain()))
        if isinstance(answer, m.Recipe):
            self.app.push_screen(RecipeScreen(answer, self._palette))

    @in_turn
    async def _see_options(self, has_begun: bool | None) -> None:
        had_steps = self.frame.moment.furthest > 0
        await self._ask(m.Look())
        if has_begun:
            self._place(self.size)
            self.notify("begun again; what was is kept (B)" if had_steps else "begun again", timeout=4)

    @in_turn
    async def action_branches(self) -> None:
        """List what has become of the run in its branches, and do what is chosen there."""
        from nnviz.tui.screens.branches import BranchesScreen

        answer = await self._answer(self._link.ask(m.ListBranches()))
        if isinstance(answer, m.BranchList):
            self.app.push_screen(BranchesScreen(answer.branches), self._ask_of_branch)

    @in_turn
    async def _ask_of_branch(self, request: m.Visit | m.LayOver | None) -> None:
        if request is not None:
            await self._ask(request)

    @in_turn
    async def action_test(self) -> None:
        """Score the network on examples that it never trained on."""
        from nnviz.tui.screens.test import TestScreen

        answer = await self._answer(self._link.ask(m.Test()))
        if isinstance(answer, m.TestReport):
            self.app.push_screen(TestScreen(answer, self._palette), self._look_into)
        self._learn("t")

    @in_turn
    async def _look_into(self, mistake: m.Examine | None) -> None:
        if mistake is not None:
            self.action_tab("example")
            await self._ask(mistake)

    @in_turn
    async def action_blame(self) -> None:
        """Which weights are to blame, which takes backprop to know."""
        from nnviz.tui.screens.blame import BlameScreen, first_asked

        await self._have_gradients()
        asked = first_asked(self.frame.focus)
        view = await self._blamed(asked)
        if view is not None:
            blocks = 1 + max(layer.block for layer in self.frame.layers)
            self.app.push_screen(BlameScreen(asked, view, blocks, self._blamed, self._palette))

    async def _blamed(self, asked: m.Blame) -> BlameView | None:
        answer = await self._answer(self._link.ask(asked))
        # A frame says why that cannot be told.
        self.take(answer)
        return answer if isinstance(answer, BlameView) else None

    @in_turn
    async def action_verify(self) -> None:
        """Whether the gradients are true, which takes backprop to know."""
        from nnviz.tui.screens.verification import VerificationScreen

        await self._have_gradients()
        asked = m.Verify(self.frame.focus.block, self.query_one(HeatmapPane).chosen_weights())
        view = await self._verified(asked)
        if view is not None:
            await self._ask(m.Look())
            self.app.push_screen(VerificationScreen(view, self._verified), self._stop_verification)

    async def _verified(self, asked: m.Verify | m.LookAtVerification) -> VerificationView | None:
        answer = await self._answer(self._link.ask(asked))
        self.take(answer)
        return answer if isinstance(answer, VerificationView) else None

    @in_turn
    async def _stop_verification(self, _: None) -> None:
        await self._ask(m.Pause())

    async def _have_gradients(self) -> None:
        if not self.frame.has_reached(Phase.BACKWARD):
            await self._ask(m.Advance(m.Goal.BACKWARD))
            # A training that is watched comes there in its own time.
            while self.is_training and not self._dead and not self._link.is_closing:
                await self._ask(m.Look())

    def action_help(self) -> None:
        """All keys, how the data were read, and the words of the screen."""
        from nnviz.tui.screens.help import HelpScreen

        self.app.push_screen(HelpScreen(self.frame.title.caveats))
