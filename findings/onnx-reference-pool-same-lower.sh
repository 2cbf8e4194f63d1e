#!/usr/bin/env bash
# onnx 1.23.2: its reference evaluator makes a max pool with auto_pad=SAME_LOWER smaller than the format says.
#
# Expected: the evaluator that comes with the format is the one to compare an export with; with SAME_LOWER the output of
# 5 numbers at stride 2 has ceil(5 / 2) = 3, and the odd row and column of padding stand at the beginning.
# What happens: the reference leaves the first row and column out instead and gives 2 x 2 numbers; with SAME_UPPER it gives
# 3 x 3. onnxruntime gives 3 x 3 for both. The checker finds nothing wrong.
# Seen: of a 5 x 5 picture of 1 ... 25 the first row is [13, 15] by the reference, [1, 3, 5] by onnxruntime.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/python" -m pip install --quiet --disable-pip-version-check "onnx==1.23.2" "onnxruntime==1.32.0" "numpy==2.4.6"
"$work/env/bin/python" - <<'PY'
import numpy as np
import onnxruntime
from onnx import TensorProto, checker, helper
from onnx.reference import ReferenceEvaluator


def model(auto_pad):
    ends = [
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 1, 5, 5])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 1, 3, 3])],
    ]
    node = helper.make_node("MaxPool", ["x"], ["y"], auto_pad=auto_pad, kernel_shape=[2, 2], strides=[2, 2])
    graph = helper.make_graph([node], "pool", *ends)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    checker.check_model(made, full_check=True)
    return made


picture = {"x": np.arange(1, 26, dtype=np.float32).reshape(1, 1, 5, 5)}
for auto_pad in ("SAME_LOWER", "SAME_UPPER"):
    made = model(auto_pad)
    reference = ReferenceEvaluator(made).run(None, picture)[0][0, 0]
    runtime = onnxruntime.InferenceSession(made.SerializeToString()).run(None, picture)[0][0, 0]
    print(auto_pad, "reference", reference.tolist(), "onnxruntime", runtime.tolist())
    assert runtime.shape == (3, 3)
    assert (reference.shape == (3, 3)) == (auto_pad == "SAME_UPPER"), "changed: the reference pads both ways"
PY
