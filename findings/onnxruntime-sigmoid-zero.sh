#!/usr/bin/env bash
# onnxruntime 1.32.0: Sigmoid is exactly 0 below about -18, and has few right digits from -10 on.
#
# Expected: float32 holds 1 / (1 + exp(30)) = 9.36e-14 with seven digits, as NumPy, PyTorch and onnx's own reference
# evaluator give it; Softmax of the same runtime gives exp(-50) = 1.93e-22.
# What happens: the result is right to about 6e-8 and not to a share of itself. Of a probability, the logarithm is then
# -infinity, and a threshold of one in a million is met or missed by chance.
# Seen: at -15 it is 3.58e-07 for 3.06e-07, at -20 and -30 it is 0.
# In nnviz: an export tells probabilities of sigmoids by Softmax and Softplus, which keep their digits.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/python" -m pip install --quiet --disable-pip-version-check "onnx==1.23.2" "onnxruntime==1.32.0" "numpy==2.4.6"
"$work/env/bin/python" - <<'PY'
import numpy as np
import onnxruntime
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator

ends = [[helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n"])] for name in ("z", "p")]
graph = helper.make_graph([helper.make_node("Sigmoid", ["z"], ["p"])], "sigmoid", *ends)
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
z = np.array([-10, -15, -20, -30], np.float32)
runtime = onnxruntime.InferenceSession(model.SerializeToString()).run(None, {"z": z})[0]
reference = ReferenceEvaluator(model).run(None, {"z": z})[0]
exact = 1 / (1 + np.exp(-z.astype(float)))
print("onnxruntime", runtime, "reference", reference, "exact", exact)
assert np.allclose(reference, exact, rtol=1e-5, atol=0)
assert not np.allclose(runtime, exact, rtol=1e-2, atol=0), "changed: Sigmoid keeps its digits"
assert (runtime[2:] == 0).all(), "changed: it is not 0 there"
PY
