"""First weights that are published, by the name of their example. Light to import."""

KNOWN_WEIGHTS = {
    "worked": {
        # w1 and w3 of input i1, w2 and w4 of i2: a column for each hidden unit.
        "dense1.weights": [[0.15, 0.25], [0.20, 0.30]],
        "dense1.biases": [0.35, 0.35],
        # w5 and w7 of hidden unit 1, w6 and w8 of hidden unit 2: a column for each output.
        "dense2.weights": [[0.40, 0.50], [0.45, 0.55]],
        "dense2.biases": [0.60, 0.60],
    }
}
"""Name of the example → name of the array, as in a checkpoint → its numbers: rows are inputs and columns are units."""
