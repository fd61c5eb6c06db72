"""Few epochs and few examples: what is trained on is not tested on."""

from __future__ import annotations

import json

import pytest
from rasa.shared.nlu.training_data.message import Message

from benchmarks.quality import averaging, small_data
from benchmarks.quality.tasks import split_examples

BOT = [
    *("--nlu", "example_bot/data/nlu.yml"),
    *("--domain", "example_bot/domain.yml"),
    *("--stories", "example_bot/data/stories.yml"),
]


@pytest.mark.parametrize("seed", [1, 2])
def test_examples_are_trained_on_or_tested_on(seed):
    sizes = {"many": 20, "few": 4, "one": 1}
    examples = [
        Message(data={"text": f"{label} {number}", "intent": label})
        for label, size in sizes.items()
        for number in range(size)
    ]
    training, held_out = split_examples(examples, "intent", 5, seed)
    used = {m.get("text") for m in training}, {m.get("text") for m in held_out}
    assert not used[0] & used[1]
    assert len(used[0] | used[1]) == len(examples)
    counts = {s: sum(m.get("intent") == s for m in training) for s in sizes}
    assert counts == {"many": 5, "few": 3, "one": 1}


@pytest.mark.slow
def test_the_chosen_weights_are_the_last_or_the_averaged_ones(tmp_path, capsys):
    arguments = [*BOT, "--kinds", "classifier", "TED", "--sizes", "small"]
    averaging.main([*arguments, "--epochs", "8", "--out", str(tmp_path)])
    results = [json.loads(path.read_text()) for path in tmp_path.glob("*-seed-1.json")]
    assert len(results) == 2
    for result in results:
        assert result["chosen"] in (result["last"], result["averaged"])
        assert result["last"] != result["averaged"]
    assert "averaged - last" in capsys.readouterr().out


@pytest.mark.slow
def test_finished_trainings_are_not_repeated(tmp_path, capsys):
    kept = {
        f"classifier-5-1-epochs-{side}-seed-1": {
            "examples": 9,
            "scores": {"any": score},
        }
        for side, score in (("stock", 0.25), ("ours", 0.5))
    }
    (tmp_path / "settings.json").write_text("{}")
    for name, result in kept.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(result))
    arguments = [*BOT, "--kinds", "classifier", "--sizes", "5", "--epochs", "1"]
    small_data.main([*arguments, "--out", str(tmp_path)])
    assert "0.250 [0.250, 0.250]" in capsys.readouterr().out
