from __future__ import annotations

import pytest
from ruamel.yaml import YAML

from rasa_randconn.comparison import training_data

NLU = "nlu:\n- intent: a\n  examples: |\n    - hello\n"
STORIES = "stories:\n- story: s\n  steps:\n  - intent: a\n  - action: b\n"


@pytest.fixture
def data(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    for name, content in (
        ("nlu.yml", NLU),
        ("stories.yml", STORIES),
        ("mixed.yml", NLU + STORIES),
        ("other.yml", "intents: []\n"),
    ):
        (folder / name).write_text("version: '3.1'\n" + content)
    return folder


def keys(path):
    return [key for key in YAML().load(path) if key != "version"]


def test_nlu_paths_give_nlu_data_only(data, tmp_path):
    chosen = training_data.select([str(data)], [], tmp_path / "scratch")

    assert [path.name for path in chosen] == ["mixed.yml", "nlu.yml"]
    assert [keys(path) for path in chosen] == [["nlu"], ["nlu"]]


def test_story_paths_give_stories_only(data, tmp_path):
    nlu = str(data / "nlu.yml")

    chosen = training_data.select([nlu], [str(data)], tmp_path / "scratch")

    assert [keys(path) for path in chosen] == [["stories"], ["nlu"], ["stories"]]
    assert chosen[1:] == [data / "nlu.yml", data / "stories.yml"]


def test_mixed_files_stay_whole_where_both_are_asked_for(data, tmp_path):
    chosen = training_data.select([str(data)], [str(data)], tmp_path / "scratch")

    assert chosen == [data / "mixed.yml", data / "nlu.yml", data / "stories.yml"]


def test_paths_without_data_are_refused(data, tmp_path):
    with pytest.raises(ValueError, match="no NLU data in"):
        training_data.select([str(data / "stories.yml")], [], tmp_path)
    with pytest.raises(ValueError, match="no stories or rules in"):
        training_data.select([], [str(data / "nlu.yml")], tmp_path)
