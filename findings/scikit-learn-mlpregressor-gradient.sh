#!/usr/bin/env bash
# scikit-learn 1.9.1: MLPRegressor with several targets follows a gradient that is not that of the loss it reports.
#
# Expected: `loss_` is what training makes small, and the step is its derivative times the learning rate.
# What happens: the reported loss is a mean over targets too, the gradient is not divided by their number. A learning
# rate means something else for each number of targets, and a gradient check against `loss_` fails.
# Seen: with 3 targets the bias moves 3 times as far as the loss's derivative says; with 1 target exactly as far.
# In nnviz: the mean squared error is over examples and targets, and backward gives the derivative of exactly that.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/python" -m pip install --quiet --disable-pip-version-check "scikit-learn==1.9.1" "numpy==2.4.6"
"$work/env/bin/python" - <<'PY'
import warnings

import numpy as np
from sklearn.neural_network import MLPRegressor

warnings.simplefilter("ignore")  # that one step is not enough to converge
generator = np.random.default_rng(0)
x = generator.normal(size=(20, 3))
RATE = 1e-6


def fitted(y, steps):
    return MLPRegressor(
        hidden_layer_sizes=(4,), activation="identity", alpha=0, solver="sgd", learning_rate_init=RATE, momentum=0,
        nesterovs_momentum=False, batch_size=20, shuffle=False, random_state=0, max_iter=steps,
    ).fit(x, y)


def ratio(targets):
    y = generator.normal(size=(20, targets))
    given = y[:, 0] if targets == 1 else y
    before, after = fitted(given, 1), fitted(given, 2)
    hidden = x @ before.coefs_[0] + before.intercepts_[0]

    def loss(bias):
        return np.square(hidden @ before.coefs_[1] + bias - y).mean() / 2

    bias = before.intercepts_[1]
    derivative = [(loss(bias + e) - loss(bias - e)) / 2e-6 for e in 1e-6 * np.eye(targets)]
    assert abs(after.loss_ - loss(bias)) < 1e-9, "the reported loss is another one now"
    return ((bias - after.intercepts_[1]) / RATE / derivative).mean()


ratios = {targets: round(float(ratio(targets)), 3) for targets in (1, 3)}
print("how far the bias moves, by what the loss's derivative says:", ratios)
assert ratios == {1: 1.0, 3: 3.0}, "changed: gradient and loss agree"
PY
