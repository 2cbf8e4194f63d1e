"""Pictures as files: nothing is written to where a link leads."""

import pytest

from nnviz.data.drawn.pictures import write_folder
from nnviz.errors import InputError


@pytest.mark.parametrize("name", ["cat", "cat/cat-001.png"])
def test_no_picture_is_written_through_a_link_that_was_planted(tmp_path, name):
    (tmp_path / "mine").mkdir()
    (tmp_path / "diary").write_text("dear diary")
    planted = tmp_path / "drawn" / name
    planted.parent.mkdir(parents=True)
    planted.symlink_to(tmp_path / ("mine" if name == "cat" else "diary"))
    with pytest.raises(InputError, match="a link, through which nothing is written"):
        write_folder("pets", tmp_path / "drawn", 4, 8)
    assert not list((tmp_path / "mine").iterdir())
    assert (tmp_path / "diary").read_text() == "dear diary"
