"""All keys with what they do, and the words of the screen."""

from typing import ClassVar

from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from nnviz.tui.keys import KEYS

GROUPS = {
    "step": "Step",
    "train": "Train",
    "look": "Look at",
    "screen": "Screen",
}
SIGNS = {
    "right": "→",
    "less_than_sign": "<",
    "greater_than_sign": ">",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "comma": ",",
    "full_stop": ".",
    "plus": "+",
    "minus": "-",
    "question_mark": "?",
}
WORDS = (
    ("logits z", "the output layer's weighted sums, before they become probabilities"),
    ("prediction p", "what the network says: a probability for each class"),
    ("target y", "what the label says: 1 for the right class, 0 for the others"),
    ("error p − y", "how far each output is off"),
    ("loss", "one score for the whole batch: the smaller, the better"),
    ("train", "the loss of the last training step, on its batch; smoothed is the mean of the latest ones"),
    ("validation", "loss and accuracy on examples that are not trained on, after the epoch that is over"),
    ("only train has", "what the loss in training has in it and that in validation has not: an extra, as dropout"),
    ("gradient ∂L/∂w", "how the loss would change if this weight grew a little: the weight's blame"),
    ("update Δw", "what the optimizer adds to the weight, against its gradient"),
    ("feature map", "the picture that one kernel of a convolution makes: how well it fits at each place"),
    ("stage", "the smallest step: one layer forward, the loss, one layer backward, the update"),
    ("training step", "all stages for one batch of examples"),
    ("epoch", "one pass over all training examples"),
)


class HelpScreen(ModalScreen[None]):
    """A page to read; any of its keys closes it."""

    CSS_PATH = "help.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,q,enter", "dismiss_page", "close", id="help.close")
    ]

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="page") as page:
            page.border_title = "Keys"
            page.border_subtitle = "escape closes"
            yield Static(self._keys())
            yield Static(self._words())

    def _keys(self) -> Table:
        table = _table()
        for group, name in GROUPS.items():
            table.add_row(Text(name, style="bold"), "")
            for binding in KEYS:
                if binding.id and binding.id.startswith(f"{group}."):
                    table.add_row(_key(binding), binding.tooltip or "")
        table.add_row(Text("Anywhere", style="bold"), "")
        for key, said in (
            ("tab", "The next pane; arrows move the cursor of the heatmap"),
            ("ctrl+p", "All commands, and the theme (dark or light)"),
        ):
            table.add_row(key, said)
        return table

    def _words(self) -> Table:
        table = _table()
        table.add_row(Text("Words", style="bold"), "")
        for word, meaning in WORDS:
            table.add_row(word, meaning)
        return table

    def action_dismiss_page(self) -> None:
        """Back to the training screen."""
        self.dismiss()


def _table() -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True, min_width=14)
    table.add_column()
    return table


def _key(binding: Binding) -> str:
    """The key as it stands on a keyboard."""
    return " ".join(SIGNS.get(key, key) for key in binding.key.split(",") if key != "equals_sign")
