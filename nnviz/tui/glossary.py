"""Every word and sign that stands on a screen and needs to be explained, for the help page.

A new word, or a new sign, belongs here too.
"""

import re
from collections.abc import Iterable
from typing import NamedTuple


class Entry(NamedTuple):
    """What a word or sign means.

    term  as it stands on the screen; several forms of it with a comma between them
    also  more signs that mean this, and other words by which somebody may look for it: found, but not shown
    """

    term: str
    meaning: str
    also: str = ""


BRAILLE = "".join(map(chr, range(0x2801, 0x2900)))
"""Dots that lines are drawn of."""

GLOSSARY: dict[str, tuple[Entry, ...]] = {
    "What the network computes": (
        Entry("network", "layers of units, one after the other: each works on the numbers of the one before it"),
        Entry("layer", "one step of that work: many weighted sums, or one simple change to every number"),
        Entry("block", "a layer that makes new units, with those after it that only change what each unit holds"),
        Entry("hidden layer", "a layer between the input and the output", "no hidden layer"),
        Entry("unit, node", "one number of a layer; in the diagram a dot", "neuron"),
        Entry("input", "the numbers of an example that go into the network, or those that go into a layer", "in"),
        Entry("output", "what the last layer gives, or what any layer gives", "out"),
        Entry("weight w, W", "what a number is multiplied by on its way into a unit; training changes it"),
        Entry("bias", "what is added to the weighted sum of a unit; training changes it too", "biases"),
        Entry("parameters", "all numbers that training changes: weights, biases, scales and shifts", "parameter"),
        Entry("weighted sum z", "the sum of what comes in, each number times its weight, and a bias", "pre-activation"),
        Entry("activation a", "what a block gives in the end, when all its layers have worked", "activations"),
        Entry("logit z", "a weighted sum of the last layer, before it becomes a probability", "logits"),
        Entry("z(cat), p(cat)", "the z or p of the output that stands for that class"),
        Entry("prediction p", "what the network says: a probability for each class, or a number", "predicted"),
        Entry("probability", "how likely something is: 0 never, 1 surely, all classes together 1", "probabilities"),
        Entry("softmax", "turns logits into probabilities of all classes: exp(z) / sum of all exp(z)", "exp"),
        Entry("linear", "the output is the weighted sum itself"),
        Entry("single output", "two classes told by one probability, that of the class which is named"),
        Entry(
            "sigmoid outputs",
            "one for each class: several may say yes (p from 0.5 on), and the largest counts",
            "sigmoids",
        ),
        Entry("hill", "one number told by a row of 45 units: it is where their activations pile up", "units of −1 0 1"),
        Entry("steering", "in a picture of a road: −1 is hard to the left, 0 straight ahead, 1 hard to the right"),
        Entry("silent", "said of units that give exactly 0 for this example"),
        Entry("strongest", "of the largest size, whatever its sign"),
        Entry(
            "inspector, ◉",
            "the unit that is looked at, shown by ◉: what it added up, and what became of it",
            "inspect",
        ),
        Entry("a · w", "what one number adds to a weighted sum: the number times its weight"),
        Entry("rounding", "what is left when numbers that are not written exactly are summed"),
        Entry("n", "in batchnorm: the number less its mean, in deviations", "normalised"),
        Entry("opacity", "the last channel of a picture: how much of it is there, and not what is under it", "alpha"),
    ),
    "Layers": (
        Entry("dense 64", "64 units, each joined to all numbers before it by a weight", "fully connected"),
        Entry(
            "conv 16 3x3", "convolution: 16 kernels of 3×3 weights, each slid over the picture", "convolution conv2d"
        ),
        Entry("kernel", "the weights of a convolution that make one map", "kernels filter"),
        Entry("feature map, map", "the picture that one kernel makes: how well it fits at each place", "maps"),
        Entry("channel", "one of the maps that go in: red, green and blue of a picture", "channels"),
        Entry("stride", "how many places a kernel moves at a time"),
        Entry("padding", "how many rows and columns of 0 are put around the picture for it"),
        Entry("pool 2", "of every 2×2 numbers of a map only the largest goes on", "max pooling"),
        Entry("kept, lost", "of a pool: whether this number was the largest of its square, and went on"),
        Entry("globalpool", "each map becomes one number, its mean", "global average pooling"),
        Entry("flatten", "the maps are laid out as one row of numbers"),
        Entry("relu", "activation function: what is below 0 becomes 0"),
        Entry("leakyrelu", "activation function: what is below 0 becomes a hundredth of it"),
        Entry("sigmoid", "squeezes every number between 0 and 1: 1 / (1 + exp(−z))", "logistic function"),
        Entry("tanh", "squeezes every number between −1 and 1", "hyperbolic tangent"),
        Entry("activation function", "a curve that each unit's number goes through: relu, leakyrelu, sigmoid, tanh"),
        Entry(
            "batchnorm",
            "batch normalisation: mean 0 and variance 1 over the batch, then scaled and shifted",
            "normalisation normalises",
        ),
        Entry("scale, shift", "what batchnorm multiplies by and adds; training changes both", "scaled shifted"),
        Entry("batch statistics", "mean and variance of this batch; a test uses running means of them instead"),
        Entry("dropout 0.3", "in training, each number becomes 0 with chance 0.3, and the rest is divided by 1 − 0.3"),
    ),
    "Error and gradient": (
        Entry("label", "the class that an example belongs to, as the data say"),
        Entry(
            "target y",
            "what is wanted of each output: 1 for the right class and 0 for others, or a number",
            "ground truth",
        ),
        Entry("error p − y", "how far each output is off: prediction minus target", "error of each node"),
        Entry("loss L", "one score for how wrong the network is: the smaller, the better", "cost"),
        Entry(
            "∂L/∂w, ∂L/∂W", "gradient: how the loss would change if the weight grew a little; its blame", "dL/dw blame"
        ),
        Entry("w × ∂L/∂w", "what of the loss would go, by theory, if this weight were 0"),
        Entry("∂L/∂x (picture)", "how the loss changes with each pixel: where the network looked", "pixel"),
        Entry("∂L/∂z", "how the loss would change with this weighted sum", "dL/dz error delta"),
        Entry("∂L/∂a, ∂L/∂output", "how the loss would change with what this unit, or this layer, gave", "dL/da"),
        Entry(
            "L(w + h), L(w − h)",
            "the loss with the weight a little larger, and a little smaller",
            "compared h 2h agrees",
        ),
        Entry("kink", "where relu begins, or another number wins in a pool: the slope changes at once", "kinks"),
        Entry("float32, float64", "numbers in a computer: with about 7 digits, and with about 16"),
        Entry("∂", "a small change; ∂L/∂x: how much L changes when x alone does", "derivative partial d"),
        Entry("gradient", "all these derivatives together; an update goes against them", "gradients slope"),
        Entry("cross-entropy", "loss for classes: −ln p, p being the probability that the right class was given"),
        Entry("binary cross-entropy", "the same where each output is a yes or no of its own"),
        Entry("summed", "the loss of an example is the sum over its outputs, and not their mean"),
        Entry(
            "quadratic loss",
            "loss: half the sum of (p − y)² over outputs, then the mean over examples",
            "quadratic cost",
        ),
        Entry("mean squared error", "loss: the mean of (p − y)² over outputs and examples", "MSE"),
        Entry("scaled squared error", "the same, each error divided by the deviation of its target"),
        Entry("deviation", "standard deviation: how far numbers usually are from their mean", "deviations standard"),
        Entry("variance", "the square of the deviation"),
        Entry("mean", "the average: the sum divided by how many there are", "means"),
    ),
    "A training step": (
        Entry("training", "changing the parameters step by step, so that the loss gets smaller", "train trained"),
        Entry("example", "one input with its target", "sample examples"),
        Entry("batch", "the examples that a training step works on together", "batches minibatch"),
        Entry("training step, step", "all stages for one batch: forward, loss, backward, update", "steps iteration"),
        Entry("epoch", "one pass over all training examples", "epochs"),
        Entry("stage", "the smallest step: one layer forward, the loss, one layer backward, the update", "stages"),
        Entry("forward", "the way from the input to the prediction, layer by layer", "forward pass"),
        Entry("backward, backprop", "the way back: from the loss to the gradient of each weight", "backpropagation"),
        Entry("update Δw, ΔW", "what is added to the weights: first proposed, then it lands", "delta updates"),
        Entry("propose, land", "an update is first worked out (nothing changes yet), then added", "proposes landed"),
        Entry("ready, running", "not begun yet; training goes on", "state"),
        Entry("watching", "another nnviz trains this run: it is shown here, checkpoint by checkpoint, as they come"),
        Entry("paused, finished", "stopped between two stages; what was asked for is done: space goes on"),
        Entry("step 12 of 189", "you went back: after step 12, and 189 steps are done; space goes on"),
        Entry("diverged", "the loss or the weights are not finite any more: start again with a lower rate"),
        Entry("stages/s, steps/s", "stages or training steps a second; full speed: as fast as it can", "pace"),
        Entry("run", "one training from its first step on, and the folder in which it is kept"),
        Entry("trainer", "the part of nnviz that trains, beside the one that draws the screen"),
        Entry("checkpoint", "the parameters and the optimizer's memory as they were at one step, in a file"),
        Entry("moment", "a place in the run: a training step, and how many of its stages are done"),
        Entry(
            "replaying, ↺", "computing steps of the run again, to come to another moment; escape stops that", "replay"
        ),
        Entry("0.43 → 0.47", "before and after the update: the same batch, asked again with the new weights"),
        Entry("helped", "the loss of the batch is lower with the weights after the update than before"),
        Entry("theory", "what is expected: a small update changes the loss by Σ ∂L/∂w × Δw", "expects expected"),
        Entry(
            "branch",
            "what a run became from a step on, or again from the start: all are kept: press B",
            "branches lay lays",
        ),
        Entry("seed", "a number from which all chance of a run comes: first weights and the order of examples"),
        Entry("initial weights", "what the weights were before the first step, by chance"),
    ),
    "How the weights are changed": (
        Entry("learning rate, lr", "how far an update goes along the gradient", "rate"),
        Entry("optimizer", "the rule that turns gradients into updates: SGD, RMSprop, Adam, AdamW"),
        Entry("SGD", "stochastic gradient descent: Δw = −lr × ∂L/∂w", "stochastic descent"),
        Entry("momentum v", "a part of the last updates is kept: v = momentum × the last v + ∂L/∂w"),
        Entry("nesterov", "momentum that looks one step ahead: Δw = −lr × (∂L/∂w + momentum × v)"),
        Entry("RMSprop", "divides each gradient by its running size, so that all weights move about as far"),
        Entry("Adam", "does so too, and follows the running mean of the gradient"),
        Entry("AdamW", "Adam with weight decay apart from the gradient"),
        Entry("running mean, size", "a mean in which what is older counts less; size: the root of that of squares"),
        Entry("weight decay, decay", "takes lr × decay of its size off every weight at each step"),
        Entry("penalty, L1, L2", "large weights cost more: l1 × Σ ∣w∣ + l2 / 2 × Σ w² is added to the loss", "∣"),
        Entry("clip", "a gradient that is longer than a limit is shortened to it", "clipping"),
        Entry("schedule", "how the learning rate changes during a run: constant, step, cosine, plateau"),
        Entry("constant", "the learning rate stays as it was chosen"),
        Entry("step (schedule)", "the rate drops after every so many epochs", "step decay"),
        Entry("cosine", "the rate falls to 0 along a half wave, until the end of the run"),
        Entry("plateau", "the rate drops when the loss has not improved for some epochs"),
        Entry("warm-up", "the rate grows from nearly 0 at first, as early gradients are wild", "warmup"),
        Entry("class weights", "examples of some classes count more, as of those that are rare", "balanced"),
        Entry(
            "smoothed labels",
            "smoothing labels: a little of each 1 is spread over all classes: 0.95 instead of 1",
            "label smoothing",
        ),
        Entry(
            "augmented",
            "a picture changed a little by chance: flip, shift, rotate, brightness",
            "flip rotate brightness changed pictures augment",
        ),
        Entry("overshoots", "goes so far against the gradient that the loss grows"),
    ),
    "How good it is": (
        Entry(
            "train (loss)", "of the last training step, on its batch before its update; smoothed: of the latest ones"
        ),
        Entry("validation, val", "examples kept out of training; they are judged after epochs, to compare", "held out"),
        Entry("best", "the smallest validation loss so far, and the step at which it was"),
        Entry("test", "more examples that it never trained on, to judge it in the end: press t", "unseen"),
        Entry(
            "only train has", "what the loss in training has in it and that in validation has not: an extra", "extras"
        ),
        Entry("accuracy, right", "the share of the examples whose class was said"),
        Entry("said ✓ ✗", "the class that the network held most likely, or its number: right or wrong"),
        Entry("confusion", "a table: how many examples of one class were taken for another", "confused taken for"),
        Entry("recall", "the share of a class's own examples that were recognised"),
        Entry("precision", "the share of the examples said to be of a class that are of it"),
        Entry("F1", "one number for precision and recall: 2 × right / (said + examples)"),
        Entry("95% interval", "where its accuracy on very many such examples most likely lies", "Wilson confidence"),
        Entry("threshold", "the probability from which on one of two classes is said; one half is usual", "≥"),
        Entry("true-positive rate", "the recall of the class that is said from a threshold on", "positive"),
        Entry("false-positive rate", "the share of the other class that would be taken for it", "false"),
        Entry("ROC area", "the chance that the right one of two examples, one a class, gets the larger p", "AUC area"),
        Entry("• + · (thresholds)", "precision, recall and false-positive rate over all thresholds"),
        Entry("calibration", "is it as often right as it is sure? Then, of what it is 80% sure of, 80% is right"),
        Entry(
            "calibration error",
            "how far sure and right are apart on average, in ten parts by how sure",
            "ECE",
        ),
        Entry("RMSE", "root of the mean squared error, in the target's own unit: large errors count more"),
        Entry("MAE", "mean of the errors' sizes, in the target's own unit"),
        Entry(
            "R²",
            "1 if all is right, 0 no better than saying the mean of these examples, below 0 worse",
            "determination",
        ),
        Entry("(the mean …)", "the same measure for always predicting the mean of the training targets"),
        Entry("log scale", "each step up the axis multiplies the loss instead of adding to it", "logarithmic log"),
        Entry("surface", "a picture of what the network says at each place of the plane of two inputs"),
        Entry("decision surface", "there, which class, the stronger the colour the surer; predicted: which number"),
    ),
    "Health (h)": (
        Entry("▲ 2 alerts", "rules have found what may be wrong: press h; ▲ below the curve: where it began", "alert"),
        Entry("size", "of many numbers at once: the root of the mean of their squares"),
        Entry("lg Δ/W", "size of the update beside that of the weights: 10^−3, a thousandth, is usual", "^ lg"),
        Entry("mean a, dev a", "mean of what the layer gives for the batch; how far it is spread about it", "dev"),
        Entry("dead", "share of units that were silent each time that they were looked at, for long"),
        Entry("flat, saturated", "share of outputs near the ends of a sigmoid or tanh, where its slope is small"),
        Entry("vanishing", "said of a gradient that gets smaller with every layer that it goes back through"),
        Entry("exploding", "said of a gradient that gets larger and larger"),
        Entry("over-fitting", "the training examples are learnt by heart, and others are done worse", "fitting"),
        Entry("oscillates", "goes up and down again and again"),
        Entry("spikes", "rises far for a moment"),
        Entry("diverging", "growing without end"),
        Entry("commonest", "of which there are most examples"),
        Entry("standardized, raw", "of inputs: with mean 0 and deviation 1; as they are in the data"),
        Entry("scaled, normal", "first weights by chance: so that signals keep their size; from −3 to 3, mostly"),
        Entry("patience", "so many epochs without a better validation loss, and training stops"),
        Entry("He, Glorot", "who found how large the first weights of a layer should be", "initial"),
    ),
    "Options (o)": (
        Entry("options", "what the run goes by: some change at once, others need a new run, which b begins", "edit"),
        Entry("waits for b", "what was chosen is for a new run, which b begins", "waits"),
        Entry("command, config", "what is typed in a terminal, to have the run done again", "toml recipe"),
        Entry("source", "where the examples are from: a built-in name, a folder or a file", "built-in"),
        Entry(
            "pets, people, road",
            "built-in sources, as are the others that are named with them",
            "language circles spiral gauss waves",
        ),
        Entry("CSV, TSV, NPZ, MNIST", "files as other programs write them", "txt gz cifar stl numpy safetensors"),
        Entry("grayscale", "pictures without colours", "color"),
        Entry("raw, standardized", "inputs as they are stored, or brought to mean 0 and deviation 1"),
        Entry("noise", "of points in the plane: how far chance pushes them"),
        Entry("normal, scaled", "first weights of variance 1, or the smaller the more inputs there are", "Nielsen"),
        Entry("drop", "how much smaller step and plateau make the learning rate each time"),
        Entry("threads", "how many parts of the computer work at the same time"),
        Entry("dtype", "what all is computed in: float32 or float64"),
        Entry("stopping", "what ends the run: the first of these that comes"),
        Entry("∣w∣", "the size of a number, without its sign", "|"),
    ),
    "Many runs": (
        Entry("log", "what nnviz or another tool wrote of a run", "logs tool tools"),
        Entry("setting", "what was chosen for a run before it began, such as its learning rate", "settings"),
        Entry("best, of", "the best number of the curve that tells most of a run, and which curve that is"),
        Entry("unfinished", "it has not come to its end, and nobody is at it now"),
        Entry("unknown", "how the run stands: its log does not tell that"),
        Entry("interrupted, failed", "ended before it was done: by somebody, or by a fault"),
        Entry("age, ago", "how long nothing was written to the run: s, min, h or d", "days min h"),
        Entry("B, KB, MB, GB", "how much room a run takes on the disk: 1 KB is 1,000 B", "TB bytes"),
        Entry("✓, marked", "one of several runs that something is done with at once", "marks"),
        Entry("▼ ▲", "what the list is sorted by: the best or the newest first, or last", "sort sorted"),
        Entry("lr>0.01", "finds runs by a setting: =, !=, <, <=, >, >=; several with spaces between", "! < >= <="),
        Entry("metric", "what a curve tells: loss, accuracy, …: press m for the next one"),
        Entry("a, b, c, … ▶", "the sign of a run, at the end of its line; ▶: which line is on top"),
        Entry("◆ of a run", "where a run was best: lowest or highest, as it is better"),
        Entry("✗ ∞ of a run", "a value that is NaN, where the line ends; one that is infinite, at the edge"),
        Entry("▲ ▼ of a run", "its line goes on above or below what is shown"),
        Entry("╎", "the cursor: all lines are read where it is"),
        Entry("smoothed 0.9", "a mean of a value and those before, each 0.9 times what the next one counts", "smooth"),
        Entry("faint, behind others", "all values as they are; from lowest to highest where several share a cell"),
        Entry("lowest…highest", "of the values that one point stands for, or of the runs of a group"),
        Entry("group", "all runs with the same value of a setting, told as one line", "groups"),
        Entry("pan", "to go on to what is to the right or to the left of the picture"),
        Entry("UTC", "the time of day that is the same all over the world"),
        Entry("≤", "is not larger than"),
        Entry("—", "there is none, or the log does not tell"),
    ),
    "The data": (
        Entry("split", "the examples in three parts: for training, validation and test", "splits"),
        Entry("class", "a kind of thing that is to be told from others, as cats from dogs", "classes"),
        Entry("quantity", "a number that is measured, as a price, and to be predicted as such", "number regression"),
        Entry("blank", "an empty cell of a table", "blanks missing"),
        Entry("median", "the one in the middle when numbers are put in order"),
        Entry("--target, --task …", "what nnviz may be started with: what to predict, and as what", "option options"),
        Entry("classify, regress", "to predict a class; to predict a quantity"),
        Entry(
            "n-gram: 'ab', \"ab\"", "letters in a row; words in a row: a text is read as counts of them", "ngram \" '"
        ),
        Entry("skipped", "files or rows of the data that could not be used"),
    ),
    "Numbers": (
        Entry("·", "not known yet; between two words it only parts them"),
        Entry("…", "more than there is room for; 12…15: from 12 to 15", "⋯ ellipsis"),
        Entry("+7, 7 more", "so many more that are not shown", "others"),
        Entry("e−5, 1.2e−5", "times 10 to the power of −5: 0.000012", "exponent scientific"),
        Entry("k, M", "thousand, million"),
        Entry("%", "of a hundred: a share of a whole", "percent"),
        Entry("≈", "nearly equal; ≈0: too small for the room", "about"),
        Entry("≫, ≪, >", "much larger, much smaller (no room for the number); larger"),
        Entry("finite", "an ordinary number: neither ∞ nor NaN"),
        Entry("∞, NaN", "infinite; not a number: a result that no arithmetic can go on with", "inf nan"),
        Entry("−, +, ×, /, =, ±", "minus, plus, times, divided by, equals, plus or minus", "÷"),
        Entry("²", "squared: times itself; 8²×3 is 8×8×3", "square"),
        Entry("8×8×3", "rows, columns and channels (or maps); 3×3: rows and columns of a kernel", "shape"),
        Entry("2 × dense 16", "that layer twice, one after the other"),
        Entry("48→64", "from so many inputs to so many units; map 0→3: from map 0 to map 3"),
        Entry("Σ", "the sum of what follows, over all outputs", "sigma"),
        Entry("√", "square root"),
        Entry("ln", "natural logarithm: ln 1 is 0, and −ln p is the larger the smaller p is", "logarithm"),
        Entry("s (1 − s), 1 − t²", "slope of the sigmoid where s came out, and of tanh where t came out"),
        Entry("x0, x1", "the first and second number of an input without names", "x y"),
        Entry("#214", "the example's number in the training data, or in the test data, from 1"),
        Entry("▶ #214", "the example that is looked at, in the list of what each of the batch costs"),
        Entry("@ step", "at this step"),
        Entry("n, f, b, u …", "after “press”: the keys at the top of this page", "m r space enter"),
    ),
    "Signs in the panes": (
        Entry("▰▱", "stages of this training step that are done, and those to come"),
        Entry("● ▶ ✓ ✖", "before the run's state: ready, paused or watching, running, finished, diverged or a fault"),
        Entry("blue, orange", "positive, negative: the stronger the colour, the larger the number", "colours █ ▀"),
        Entry("● ○", "a unit that holds a number now; one that holds none yet"),
        Entry("⊕ ⊖", "without colours: a unit that holds a positive number; a negative one"),
        Entry("⠤⠒⠊ (network)", "weights between units, the strongest on top", BRAILLE),
        Entry("◆ TEST EXAMPLE", "an example that was never trained on is looked at, and the training waits"),
        Entry("▶ ◀ beside a layer", "the signal goes forward through it now; the error goes back through it"),
        Entry("pane", "a framed part of the screen; tab goes to the next one, m lets it fill the screen", "panes"),
        Entry("focus", "what is looked at: one example of the batch, one layer, one pane", "focused"),
        Entry("underlined", "the layer that the other panes are about: [ and ] choose it"),
        Entry("⋯ +3 more", "columns of layers for which there is no room"),
        Entry("◀ beside y", "the class that the label names"),
        Entry("█▌ bars", "p from 0 to 1 (or to what stands above); errors from 0 to either side", "▏▎▍▌▋▊▉█ │ to"),
        Entry("▁▄█ hills", "activation of each unit of a hill, from 0 to 1", "▁▂▃▄▅▆▇█"),
        Entry("● p, ◆ y, ◈", "on a line from 2.5 deviations below the mean to above it: said, wanted, both"),
        Entry("heatmap", "a picture of numbers: a cell is one weight, or the largest of several", "cell"),
        Entry("13 of 12…15", "of the numbers that a cell stands for, the one of number 13 is the largest", "zoom"),
        Entry("·+*# ˗−=≡", "the scale without colours: positive and negative, the fuller the larger", ". : - @ % *"),
        Entry("−0.5 █ +0.5", "the ends of that scale; locked: kept until l is pressed again", "locked"),
        Entry("↓ units → inputs", "what the rows and the columns of a heatmap are"),
        Entry("↓ map out → map in", "rows: the map a kernel makes; columns: the map it reads", "out/ in/ of"),
        Entry("┼", "the cursor: what is below it is read out", "cursor down right up home ╎"),
        Entry("• o on a map", "a number that a pool kept"),
        Entry(
            "⡇ ⠒ • ◆ │ (loss)", "train, smoothed, validation, best, where you are; steps are counted below", "┤ ┬ ├ └ ┴"
        ),
        Entry("+ · (loss)", "the smoothed loss of another branch: one that is laid over, and what was instead"),
        Entry("● • ( ) (plane)", "examples of the batch, others, and the example in focus", "point points"),
        Entry("o x, a A, b B", "without colours: classes; small what is said, large an example of it"),
        Entry("╲ │ ╱ y p (road)", "where to steer, and where the network steers"),
        Entry("underlined letters", "parts of a text that move the first layer most"),
        Entry("×3, ×255+", "how often an n-gram is in the text; 255 or more"),
        Entry("or, +3", "n-grams that share one input of the network"),
        Entry("�", "a character of the data that a screen cannot show"),
    ),
}


def found(entries: Iterable[Entry], sought: str) -> list[Entry]:
    """The entries with a word or a sign: those that explain it, then those of which it is a part, then mentions."""
    sought = sought.strip().casefold()
    ranked = [(rank, entry) for entry in entries if (rank := _rank(entry, sought)) is not None]
    return [entry for _, entry in sorted(ranked, key=lambda pair: pair[0])]


def _rank(entry: Entry, sought: str) -> int | None:
    named = f"{entry.term} {entry.also}".casefold()
    if sought in re.split(r"[\s,()]+", named):
        return 0
    return 1 if sought in named else 2 if sought in entry.meaning.casefold() else None
