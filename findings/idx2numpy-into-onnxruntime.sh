#!/usr/bin/env bash
# idx2numpy 1.2.3 hands on numbers in the file's byte order, and onnxruntime 1.32.0 takes them for its own.
#
# Expected: what is read from an IDX file can be given to a model; an array in a byte order that the runtime does not
# know is converted or refused.
# What happens: an IDX file of float32 is read as dtype >f4. onnxruntime accepts it and misreads every number; nothing
# is said. (Files of unsigned bytes, such as MNIST's own, are not concerned.)
# Seen: [1.0, 2.0] comes out of a model that only passes its input on as [4.6006e-41, 8.96831e-44].
# In nnviz: its own IDX reader takes unsigned bytes alone; arrays of other sources become the network's own type.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/python" -m pip install --quiet --disable-pip-version-check "idx2numpy==1.2.3" "onnx==1.23.2" "onnxruntime==1.32.0" "numpy==2.4.6"
"$work/env/bin/python" - <<'PY'
import os
import tempfile

import idx2numpy
import numpy as np
import onnxruntime
from onnx import TensorProto, helper

path = os.path.join(tempfile.mkdtemp(), "numbers-idx1-float")
idx2numpy.convert_to_file(path, np.array([1.0, 2.0], np.float32))
numbers = idx2numpy.convert_from_file(path)
ends = [[helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n"])] for name in ("x", "y")]
graph = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "same", *ends)
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
passed_on = onnxruntime.InferenceSession(model.SerializeToString()).run(None, {"x": numbers})[0]
print(numbers.dtype, numbers.tolist(), "became", passed_on.tolist())
assert numbers.dtype == np.dtype(">f4"), "changed: idx2numpy converts to the machine's byte order"
assert passed_on[0] < 1e-30, "changed: onnxruntime minds the byte order"
PY
