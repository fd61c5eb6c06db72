"""What is to be read is never removed before."""

from __future__ import annotations

import pytest

from rasa_randconn.comparison import results, runner
from rasa_randconn.comparison.errors import ComparisonError
from rasa_randconn.comparison.plan import Plan


@pytest.fixture
def earlier(tmp_path):
    """The folder of a comparison that has divided its data."""
    out = tmp_path / "out"
    for part in ("train", "test"):
        (out / "split" / part).mkdir(parents=True)
        (out / "split" / part / "nlu.yml").write_text("nlu: []")
    results.write([], out / results.FILE_NAME)
    return out


def plan(out, **options):
    return Plan(**{"configs": ["config.yml"], "out": out, "overwrite": True, **options})


@pytest.mark.parametrize("option", ["train_nlu", "test_nlu", "train_stories"])
@pytest.mark.parametrize("path", ["split/train", "split/train/nlu.yml", "."])
def test_data_in_the_folder_that_would_be_replaced_are_refused(option, path, earlier):
    with pytest.raises(ComparisonError, match="--overwrite would remove"):
        runner._check_folder(plan(earlier, **{option: [str(earlier / path)]}))
    assert (earlier / "split" / "train" / "nlu.yml").exists()


def test_other_data_are_not(earlier, tmp_path):
    runner._check_folder(plan(earlier, train_nlu=[str(tmp_path / "data" / "nlu.yml")]))


def test_what_an_ended_run_has_left_is_removed(earlier):
    left = earlier / f"{runner.SCRATCH_PREFIX}abc"
    left.mkdir()
    runner._prepare(plan(earlier))
    assert not left.exists()
