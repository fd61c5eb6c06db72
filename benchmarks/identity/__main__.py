"""Trains models of the example bot and writes checksums of what they have learnt.

Two such files, from before and after a change, are equal if it altered no weight
and no prediction:

    python -m benchmarks.identity train before.json --models kept
    python -m benchmarks.identity compare before.json after.json

`python -m benchmarks.identity load kept loaded.json` has models that were kept answer
again, without training: models written before a change load after it.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import os
import re
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import (
    Any,
    Dict,
    Iterator,
    List,
    Mapping,
    NamedTuple,
    Optional,
    Sequence,
    Tuple,
)

import numpy as np
import safetensors.numpy
from rasa.core.agent import Agent
from rasa.core.channels.channel import UserMessage
from rasa.core.test import _create_data_generator
from rasa.model_training import train
from rasa.shared.core.trackers import DialogueStateTracker
from ruamel.yaml import YAML

from benchmarks.serving.messages import load_agent, read_texts
from benchmarks.serving.our_components import our_components, policy_arguments

BOT = Path("example_bot")
SEEDS = (1, 2)

_OURS = "rasa_randconn."
_DIET = "RandConnDIETClassifier"


class Variant(NamedTuple):
    """A model to train.

    Attributes:
        options: Options of the components, beside those of the example bot.
        components: Names of the components of ours.
    """

    options: Mapping[str, Any] = {}
    components: Sequence[str] = (_DIET,)


ALL_COMPONENTS = (
    _DIET,
    "RandConnResponseSelector",
    "RandConnTEDPolicy",
    "RandConnUnexpecTEDIntentPolicy",
)

VARIANTS: Dict[str, Variant] = {
    "all components": Variant(components=ALL_COMPONENTS),
    "unstructured": Variant({"connection_pattern": "unstructured"}),
    "dense": Variant({"connection_density": 1.0}),
    "relative attention": Variant(
        {"use_key_relative_attention": True, "use_value_relative_attention": True}
    ),
    "masked language model": Variant({"use_masked_language_model": True}),
}


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Trains or compares.

    Args:
        argv: The arguments; those of the process if `None`.

    Returns:
        The exit code: 0, or 1 if two files differ.
    """
    parser = argparse.ArgumentParser(prog="benchmarks.identity", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    training = commands.add_parser("train", help="train, and write the checksums")
    training.add_argument("out", type=Path)
    training.add_argument("--epochs", type=int, default=40)
    training.add_argument("--variants", nargs="+", default=list(VARIANTS))
    training.add_argument("--models", type=Path, help="folder to keep the models in")
    loading = commands.add_parser("load", help="load kept models, write checksums")
    loading.add_argument("models", type=Path)
    loading.add_argument("out", type=Path)
    comparison = commands.add_parser("compare", help="compare two files of checksums")
    comparison.add_argument("before", type=Path)
    comparison.add_argument("after", type=Path)
    options = parser.parse_args(argv)
    if options.command == "train":
        checksums = {
            f"{name}, seed {seed}": train_variant(
                name, seed, options.epochs, options.models
            )
            for name in options.variants
            for seed in SEEDS
        }
        options.out.write_text(json.dumps(checksums, indent=1), encoding="utf-8")
        return 0
    if options.command == "load":
        checksums = {
            path.name[: -len(".tar.gz")]: model_checksums(path)
            for path in sorted(options.models.glob("*.tar.gz"))
        }
        options.out.write_text(json.dumps(checksums, indent=1), encoding="utf-8")
        return 0
    before, after = (
        json.loads(path.read_text(encoding="utf-8"))
        for path in (options.before, options.after)
    )
    return report(before, after)


def report(
    before: Mapping[str, Mapping[str, str]], after: Mapping[str, Mapping[str, str]]
) -> int:
    """Prints which checksums are equal.

    Args:
        before: Checksums by model and by what they are of.
        after: The same after a change.

    Returns:
        0 if all are equal, else 1.
    """
    code = 0
    for model in {**before, **after}:
        one, other = before.get(model, {}), after.get(model, {})
        names = {**one, **other}
        different = [name for name in names if one.get(name) != other.get(name)]
        print(f"{model}: {len(one)} checksums, {len(different)} different")
        for name in different:
            print(f"  {name}")
        code |= bool(different or not one)
    return code


def train_variant(
    name: str, seed: int, epochs: int, models: Optional[Path]
) -> Dict[str, str]:
    """Trains a model and has it answer.

    Args:
        name: Name of the variant.
        seed: The option `random_seed` of all components.
        epochs: Number of epochs of all components.
        models: Folder to keep the model in.

    Returns:
        Checksums of every stored array and of all answers.
    """
    variant = VARIANTS[name]
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        (scratch / "data").mkdir()
        for path in sorted((BOT / "data").glob("*.yml")):
            text = path.read_text(encoding="utf-8")
            (scratch / "data" / path.name).write_text(text, encoding="utf-8")
        if "RandConnResponseSelector" in variant.components:
            _add_questions(scratch / "data")
        config = scratch / "config.yml"
        YAML().dump(_config(variant, seed, epochs), config)
        result = train(
            domain=str(BOT / "domain.yml"),
            config=str(config),
            training_files=[str(scratch / "data")],
            output=str(models or scratch),
            fixed_model_name=f"{name}, seed {seed}",
            force_training=True,
        )
        return model_checksums(Path(result.model))


def model_checksums(model: Path) -> Dict[str, str]:
    """Checksums of every array in a model archive, and of the model's answers."""
    return {**dict(_weights(model)), **_answers(load_agent(str(model)))}


def _config(variant: Variant, seed: int, epochs: int) -> Dict[str, Any]:
    config: Dict[str, Any] = YAML(typ="safe").load(BOT / "config.yml")
    for section in ("pipeline", "policies"):
        config[section] = [
            component
            for component in config[section]
            if not component["name"].startswith(_OURS)
            or component["name"][len(_OURS) :] in variant.components
        ]
    if "RandConnResponseSelector" in variant.components:
        # the default before version 0.1.0 was finished
        config["pipeline"].append(
            {"name": f"{_OURS}RandConnResponseSelector", "connection_density": 0.2}
        )
        config["policies"].append({"name": f"{_OURS}RandConnUnexpecTEDIntentPolicy"})
    for component in (*config["pipeline"], *config["policies"]):
        if component["name"].startswith(_OURS):
            component.update(epochs=epochs, random_seed=seed, **variant.options)
    return config


def _add_questions(data: Path) -> None:
    """Adds retrieval intents, which the example bot lacks: some of its examples."""
    nlu: Dict[str, Any] = YAML(typ="safe").load(data / "nlu.yml")
    questions = [
        {"intent": f"faq/{entry['intent']}", "examples": _plain(entry["examples"])}
        for entry in nlu["nlu"]
        if "intent" in entry
    ]
    responses = {
        f"utter_{entry['intent']}": [{"text": f"About {entry['intent'][4:]}."}]
        for entry in questions
    }
    content = {"version": "3.1", "nlu": questions, "responses": responses}
    YAML().dump(content, data / "questions.yml")


def _plain(examples: str) -> str:
    """Examples as questions, without entities."""
    return re.sub(r"\[([^\]]*)\](\([^)]*\)|\{[^}]*\})", r"\1", examples)


def _weights(model: Path) -> Iterator[Tuple[str, str]]:
    with tarfile.open(str(model)) as archive:
        for member in archive:
            if not member.name.endswith(".safetensors"):
                continue
            file = archive.extractfile(member)
            assert file is not None
            for name, array in sorted(safetensors.numpy.load(file.read()).items()):
                component = member.name.split("components/")[-1].split("/")[0]
                yield f"{component}: {name}", _checksum(array)


def _answers(agent: Agent) -> Dict[str, str]:
    texts = read_texts([str(BOT / "tests" / "test_nlu.yml")])
    parsed = [
        asyncio.run(agent.processor.parse_message(UserMessage(text=text)))
        for text in texts
    ]
    for answer in parsed:
        answer.pop("message_id", None)
    checksums = {"answers to messages": _checksum(json.dumps(parsed, sort_keys=True))}
    trackers = _trackers(agent)
    for served in our_components(agent):
        if hasattr(served.component, "predict_action_probabilities"):
            predicted = [
                served.component.predict_action_probabilities(
                    **policy_arguments(agent, served, before)
                ).probabilities
                for tracker in trackers
                for before, _ in tracker.generate_all_prior_trackers()
            ]
            name = type(served.component).__name__
            checksums[f"predictions of {name}"] = _checksum(np.array(predicted))
    return checksums


def _trackers(agent: Agent) -> List[DialogueStateTracker]:
    generator = _create_data_generator(str(BOT / "tests" / "test_stories.yml"), agent)
    trackers = [
        DialogueStateTracker.from_events(
            tracker.sender_id, tracker.events, agent.domain.slots
        )
        for tracker in generator.generate_story_trackers()
    ]
    # Rasa's order depends on what the process has done before
    return sorted(trackers, key=lambda tracker: [str(e) for e in tracker.events])


def _checksum(value: Any) -> str:
    if isinstance(value, str):
        content = value.encode()
    else:
        array = np.ascontiguousarray(value)
        content = f"{array.dtype} {array.shape} ".encode() + array.tobytes()
    return hashlib.sha256(content).hexdigest()[:16]


if __name__ == "__main__":
    if os.environ.get("PYTHONHASHSEED") != "0":
        # Rasa keeps labels of the policy for unlikely intents in sets of strings, and
        # the order of additions follows theirs.
        os.environ["PYTHONHASHSEED"] = "0"
        os.execv(
            sys.executable, [sys.executable, "-m", "benchmarks.identity", *sys.argv[1:]]
        )
    sys.exit(main())
