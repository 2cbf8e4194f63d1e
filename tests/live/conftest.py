"""What is true of all trainings that are watched here."""

import pytest


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> None:
    """With several, how PyTorch divides its work, and so its last bits, depends on what else the machine does."""
    torch = pytest.importorskip("torch")
    torch.set_num_threads(1)
