"""A sweep that is replaced keeps what is to be read."""

from __future__ import annotations

import pytest

from rasa_randconn.comparison.errors import ComparisonError
from rasa_randconn.sweep.folder import DESCRIPTION, SweepFolder


@pytest.fixture
def earlier(tmp_path):
    (tmp_path / DESCRIPTION).write_text("{}")
    (tmp_path / "split" / "train").mkdir(parents=True)
    return tmp_path


@pytest.mark.parametrize("path", ["split/train", "split/train/nlu.yml", DESCRIPTION])
def test_data_in_a_folder_that_would_be_removed_are_refused(path, earlier):
    with pytest.raises(ComparisonError, match="--overwrite would remove"):
        SweepFolder(earlier).check([str(earlier / path)])


def test_other_data_are_not(earlier):
    SweepFolder(earlier).check([str(earlier / "nlu.yml")])
