"""What a plan says of itself before Rasa is asked."""

from __future__ import annotations

from pathlib import Path

import pytest
from rasa.shared.exceptions import InvalidConfigException

import rasa_randconn
from rasa_randconn import RandConnDIETClassifier
from rasa_randconn.comparison.errors import ComparisonError
from rasa_randconn.comparison.plan import Plan
from rasa_randconn.comparison.worker import CheckRequest
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


@pytest.mark.parametrize(
    "nlu, stories, sections",
    [
        (["a"], [], ["pipeline"]),
        ([], ["a"], ["policies"]),
        (["a"], ["a"], ["pipeline", "policies"]),
    ],
)
def test_plan_and_check_agree_on_what_is_trained(plan, nlu, stories, sections):
    made = plan(train_nlu=nlu, train_stories=stories)
    request = CheckRequest(
        configs=[],
        epochs=None,
        train_nlu=nlu,
        test_nlu=[],
        train_stories=stories,
        test_stories=[],
        scratch="",
        response="",
    )
    assert made.sections == request.sections == sections


def test_the_sections_are_written_down_once():
    package = Path(rasa_randconn.__file__).parent
    files = [path.read_text(encoding="utf-8") for path in package.rglob("*.py")]
    assert sum(text.count('"pipeline", "policies"') for text in files) == 1


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
