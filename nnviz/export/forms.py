"""The forms that there are, each by the ending of its file."""

from pathlib import Path

from nnviz.errors import InputError
from nnviz.export.form import Form
from nnviz.export.numpy_program import NumpyForm
from nnviz.export.onnx_graph import OnnxForm
from nnviz.export.torch_module import TorchForm
from nnviz.outside_text import excerpt

FORMS: dict[str, tuple[str, Form]] = {
    ".onnx": ("ONNX", OnnxForm()),
    ".safetensors": ("PyTorch", TorchForm()),
    ".py": ("NumPy", NumpyForm()),
}


def form_of(target: Path) -> Form:
    """The form that a file's name asks for. Raises InputError if there is none."""
    if (found := FORMS.get(target.suffix.lower())) is None:
        known = ", ".join(f"{ending} ({name})" for ending, (name, _) in FORMS.items())
        said = f"'{excerpt(target.suffix)}' is the ending of none" if target.suffix else "its name has no ending"
        raise InputError(f"{target}: {said}; a network is exported as {known}")
    return found[1]
