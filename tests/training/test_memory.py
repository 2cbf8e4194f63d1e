"""A network that memory cannot hold is refused before it is built."""

import pytest

from nnviz.errors import InputError
from nnviz.training import assembly


@pytest.mark.parametrize(("optimizer", "copies"), [("sgd", 10), ("adam", 14)])
def test_a_network_larger_than_memory_is_refused_in_one_line(make_trainer, monkeypatch, optimizer, copies):
    parameters = 6 * 1000 + 1000 + 1000 * 3 + 3
    for available, fits in ((parameters * 4 * copies, True), (parameters * 4 * copies - 1, False)):
        monkeypatch.setattr(assembly, "available_bytes", lambda available=available: available)
        if fits:
            make_trainer(layers="dense 1000", optimizer=optimizer)
        else:
            with pytest.raises(InputError, match=r"network: its 10,003 parameters would take 0 MB to train"):
                make_trainer(layers="dense 1000", optimizer=optimizer)


def test_a_huge_network_is_never_begun(make_trainer):
    with pytest.raises(InputError, match=r"network: its [\d,]+ parameters would take [\d,]+ MB to train"):
        make_trainer(layers=", ".join(["dense 65536"] * 40))
