"""What a plan says of itself before Rasa is asked."""

from __future__ import annotations

from pathlib import Path

import pytest
from rasa.shared.exceptions import InvalidConfigException

from rasa_randconn import RandConnDIETClassifier
from rasa_randconn.comparison.errors import ComparisonError
from rasa_randconn.comparison.plan import Plan
from rasa_randconn.components.options import check_user_config


@pytest.fixture
def plan(tmp_path):
    (tmp_path / "config.yml").write_text("pipeline:\n- name: DIETClassifier\n")
    (tmp_path / "nlu.yml").write_text("nlu:\n- intent: a\n")

    def make(**changes):
        arguments = {
            "configs": [str(tmp_path / "config.yml")],
            "out": tmp_path / "out",
            "train_nlu": [str(tmp_path / "nlu.yml")],
            "test_nlu": [str(tmp_path / "nlu.yml")],
        }
        return Plan(**{**arguments, **changes})

    return make


@pytest.mark.parametrize("start", ["nlu:\n", "# a comment\nnlu:\n"])
def test_a_byte_order_mark_hides_no_key(start, plan, tmp_path):
    text = f"{start}- intent: a\nversion: '3.1'\n"
    (tmp_path / "nlu.yml").write_text(text, encoding="utf-8-sig")
    plan().check()


@pytest.mark.parametrize("method", ["exists", "is_file", "read_text"])
def test_a_file_that_cannot_be_read_is_named_in_a_line(method, plan, monkeypatch):
    tested = getattr(Path, method)

    def refuse(path, *args, **kwargs):
        if path.name == "nlu.yml":
            raise PermissionError(13, "Permission denied", str(path))
        return tested(path, *args, **kwargs)

    monkeypatch.setattr(Path, method, refuse)
    with pytest.raises(ComparisonError, match=r"nlu\.yml': Permission denied\.$"):
        plan().check()


@pytest.mark.parametrize(
    "seed, is_possible", [(-1, False), (0, True), (2**32 - 1, True), (2**32, False)]
)
def test_seeds_are_those_that_a_component_accepts(plan, seed, is_possible):
    if is_possible:
        plan(seeds=[5, seed]).check()
        check_user_config(RandConnDIETClassifier, {"random_seed": seed})
        return
    with pytest.raises(ComparisonError, match="Seeds must"):
        plan(seeds=[5, seed]).check()
    with pytest.raises(InvalidConfigException, match="random_seed"):
        check_user_config(RandConnDIETClassifier, {"random_seed": seed})
