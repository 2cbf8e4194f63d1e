"""Every key of the training screen: what it does, and the name by which a keymap can change it."""

from textual.binding import Binding

from nnviz.tui.layouts import TABBED


def _key(
    key: str, action: str, name: str, label: str, explanation: str, shown: bool = False, sign: str | None = None
) -> Binding:
    """A binding called `name`, with a `label` for the last line of the screen and an `explanation` for the help.

    All of them act before the focused pane is asked: that is a way through fewer of Textual's queues, and as it is the
    same for all, they act in the order in which they were pressed.
    """
    return Binding(key, action, label, show=shown, key_display=sign, id=name, tooltip=explanation, priority=True)


KEYS = [
    _key("f", "advance('loss')", "step.forward", "forward", "To the end of the forward pass and its loss", True),
    _key("b", "advance('backward')", "step.backprop", "backprop", "To the end of backprop", True),
    _key("u", "advance('update')", "step.update", "update", "To the end of the update", True),
    _key("n", "advance('stage')", "step.stage", "stage", "One stage: the smallest step", True, "n/p"),
    _key("right", "onward", "step.onward", "onward", "One stage; the cursor, in a pane that has the focus and one"),
    _key("enter", "step_or_go", "step.step", "step", "One whole training step; or to the cursor of the loss curve"),
    _key("p", "back('stage back')", "time.stage_back", "back", "One stage back, across steps and epochs"),
    _key("left", "backward", "time.backward", "back", "One stage back; or the cursor, in the same way"),
    _key("backspace", "fold_or_back", "time.step_back", "step back", "One whole training step back; inspector: fold"),
    _key("g", "go_to", "time.go_to", "go to", "To a step, an epoch, the best one, the start or the end"),
    _key("h", "health", "look.health", "health", "What each layer does over time, and what is wrong with it"),
    _key("B", "branches", "time.branches", "branches", "All branches: what was is kept, and there is a way back to it"),
    _key("o", "options", "train.options", "options", "All that the run goes by: data, network, rate, …; to change it"),
    _key(
        "escape",
        "stay",
        "time.stay",
        "stay",
        "Back from a replay or a test example; or no cursor, no lesson",
    ),
    _key("space", "play", "train.play", "run", "Train on, or pause", True),
    _key("e", "advance('epoch')", "train.epoch", "epoch", "To the end of the epoch"),
    _key("less_than_sign", "pace(-1)", "train.slower", "slower", "A slower pace, down to one stage a second", sign="<"),
    _key("greater_than_sign", "pace(1)", "train.faster", "faster", "A faster pace, up to full speed", sign=">"),
    _key(
        "equals_sign",
        "set_weight",
        "train.set_weight",
        "override",
        "Set the weight under the cursor by hand",
        sign="=",
    ),
    _key("plus", "rate(1)", "train.rate_up", "rate up", "A higher learning rate", sign="+"),
    _key("minus", "rate(-1)", "train.rate_down", "rate down", "A lower learning rate", sign="-"),
    _key("r", "restart", "train.restart", "restart", "From the first step again, with the same weights"),
    _key("R", "reseed", "train.reseed", "reseed", "From the first step again, with other random weights"),
    _key("left_square_bracket", "block(-1)", "look.layer_before", "layer", "The layer before", True, "[]"),
    _key("right_square_bracket", "block(1)", "look.layer_after", "next layer", "The next layer"),
    _key("comma", "example(-1)", "look.example_before", "example before", "The example before, in the batch"),
    _key("full_stop", "example(1)", "look.example_after", "next example", "The next example of the batch"),
    _key("x", "worst", "look.worst", "worst", "The example of the batch with the highest loss"),
    _key("w", "quantity", "look.quantity", "heatmap", "The heatmap: gradient, weights, update, activations"),
    _key("z", "zoom", "look.zoom", "zoom", "Single numbers of the heatmap, or all of it again"),
    _key("y", "copy", "look.copy", "copy", "Copy the number that the heatmap reads out"),
    _key("c", "curve", "look.curve", "accuracy", "The curve: loss, accuracy, or a layer's number that h has chosen"),
    _key("l", "lock", "look.lock", "lock scale", "Keep the heatmap's scale, or let it follow the numbers"),
    *(
        _key(str(number), f"tab('{pane}')", f"look.{pane}", pane, f"Go to the pane {pane}")
        for number, pane in enumerate(TABBED, 1)
    ),
    _key("i", "blame", "look.blame", "blame", "Blame: the weights that the loss changes most with"),
    _key("v", "verify", "look.verify", "verify", "Verify the gradient: change a weight and see what the loss does"),
    _key("question_mark", "help", "screen.help", "help", "This page", True, "?"),
    _key("q", "app.quit", "screen.quit", "quit", "Keep the run and leave", True),
    _key("t", "test", "screen.test", "test", "Test on examples that it never trained on", True),
    _key("m", "maximize_pane", "screen.maximise", "maximise", "The focused pane alone, or all of them"),
    _key("s", "picture", "screen.picture", "picture", "Keep the screen as a picture (SVG)"),
]

# What cannot be done with a training in somebody else's loop: not offered there, and whoever tries is told why.
OF_OWN_TRAININGS = frozenset(
    {
        "train.epoch",
        "time.go_to",
        "train.slower",
        "time.branches",
        "train.restart",
        "screen.test",
    }
)

# What the last line of the screen says beyond the keys that it always shows, as far as there is room, by their names:
# the sign of a key that stands for itself and for its counterpart ('' for its own), and what both do.
WHERE_ROOM = {
    "step.step": ("enter", "step"),
    "look.example_before": (",.", "example"),
    "look.blame": ("", "blame"),
    "look.quantity": ("", "heatmap"),
    "train.epoch": ("", "epoch"),
    "look.verify": ("", "verify"),
    "time.go_to": ("", "go to"),
    "train.rate_up": ("+-", "rate"),
    "train.slower": ("<>", "pace"),
    "look.worst": ("", "worst"),
    "look.health": ("", "health"),
    "look.curve": ("", "accuracy"),
    "time.branches": ("", "branches"),
    "train.restart": ("", "restart"),
    "screen.maximise": ("", "maximise"),
    "screen.picture": ("", "picture"),
    "look.copy": ("", "copy"),
    "look.lock": ("", "lock scale"),
}
