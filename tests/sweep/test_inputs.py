from __future__ import annotations

import shutil

import pytest

from rasa_randconn.comparison.plan import Plan
from rasa_randconn.sweep.inputs import pack


@pytest.fixture
def plan(tmp_path):
    data = tmp_path / "bot" / "data"
    (data / "more").mkdir(parents=True)
    (data / ".hidden").mkdir()
    (data / "nlu.yml").write_text("nlu: []")
    (data / "more" / "stories.yaml").write_text("stories: []")
    (data / ".hidden" / "nlu.yml").write_text("nlu: [hidden]")
    (data / "notes.txt").write_text("not for Rasa")
    (tmp_path / "bot" / "config.yml").write_text("pipeline: []")
    (tmp_path / "bot" / "domain.yml").write_text("intents: []")
    return Plan(
        configs=[str(tmp_path / "bot" / "config.yml")],
        out=tmp_path / "out",
        domain=str(tmp_path / "bot" / "domain.yml"),
        train_nlu=[str(data)],
        test_nlu=[str(data / "nlu.yml")],
        train_stories=[str(data)],
        test_stories=[str(data / "more")],
    )


def test_files_arrive_where_the_originals_are_not(plan, tmp_path):
    packed = pack(plan)
    shutil.rmtree(str(tmp_path / "bot"))
    (tmp_path / "elsewhere").mkdir()

    unpacked = packed.unpack(tmp_path / "elsewhere", threads=3)

    assert unpacked.threads == 3
    contents = {
        path.relative_to(unpacked.train_nlu[0]).as_posix(): path.read_text()
        for path in (tmp_path / "elsewhere").rglob("*")
        if path.is_file() and unpacked.train_nlu[0] in str(path)
    }
    assert contents == {"nlu.yml": "nlu: []", "more/stories.yaml": "stories: []"}
    assert unpacked.train_stories == unpacked.train_nlu
    with open(unpacked.domain) as domain:
        assert domain.read() == "intents: []"
    with open(unpacked.configs[0]) as config:
        assert config.read() == "pipeline: []"


def test_digests_say_what_changed(plan, tmp_path):
    before = pack(plan).digests
    assert pack(plan).digests == before

    (tmp_path / "bot" / "data" / "more" / "stories.yaml").write_text("stories: [a]")

    after = pack(plan).digests
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"train_nlu", "train_stories", "test_stories"}


def test_what_rasa_does_not_read_does_not_matter(plan, tmp_path):
    before = pack(plan).digests

    (tmp_path / "bot" / "data" / "notes.txt").write_text("other notes")

    assert pack(plan).digests == before
