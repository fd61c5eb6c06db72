"""Trains and asks our components in a new process, and says what had to be compiled.

Its argument is a folder to work in. The last line of the output is a JSON list of the
kernels that were compiled, and the number of those that were loaded.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import pkgutil
import sys
from pathlib import Path
from typing import List

import rasa
from data_factory import (
    END_TO_END_STORIES,
    STORIES,
    Featurizers,
    answer_of_ted,
    answers_of_diet,
    dialogues,
    load,
    nlu_data,
    retrieval_featurizers,
    tiny_options,
    train,
)
from numba.core.dispatcher import Dispatcher
from rasa.core.agent import load_agent
from rasa.core.channels.channel import UserMessage

import rasa_randconn as ours
from rasa_randconn import kernels
from rasa_randconn.connections import PATTERNS
from rasa_randconn.kernels.all_kernels import all_kernels

BOT = Path(__file__).parents[2] / "example_bot"

RELATIVE_POSITIONS = {
    "unidirectional_encoder": True,
    "use_key_relative_attention": True,
    "use_value_relative_attention": True,
}
VARIANTS = (
    {"connection_pattern": PATTERNS[0]},
    {"connection_pattern": PATTERNS[1], "save_half_precision": True},
    {"connection_density": 1.0, **RELATIVE_POSITIONS},
    {"loss_type": "margin", "constrain_similarities": False},
)


def use_example_bot(folder: Path) -> None:
    text = (BOT / "config.yml").read_text().replace("epochs: 40", "epochs: 1")
    config = folder / "config.yml"
    config.write_text(text)
    result = rasa.train(
        str(BOT / "domain.yml"),
        str(config),
        [str(BOT / "data")],
        output=str(folder / "models"),
        force_training=True,
        core_additional_arguments={"augmentation_factor": 0},
    )

    async def ask() -> None:
        agent = await load_agent(result.model)
        await agent.handle_message(UserMessage("a train to berlin please"))

    asyncio.run(ask())


def use_every_component(folder: Path) -> None:
    featurizers = Featurizers(nlu_data(), folder / "featurizers")
    retrieval = retrieval_featurizers(folder / "retrieval")
    talk = dialogues(END_TO_END_STORIES, featurizers)
    intent_talk = dialogues(STORIES, featurizers)
    for component, data in (
        (ours.RandConnDIETClassifier, featurizers),
        (ours.RandConnResponseSelector, retrieval),
        (ours.RandConnTEDPolicy, talk),
        (ours.RandConnUnexpecTEDIntentPolicy, intent_talk),
    ):
        for number, variant in enumerate(VARIANTS):
            options = {**tiny_options(component), **variant}
            storage = folder / f"{component.__name__}{number}"
            storage.mkdir()
            train(component, options, storage, data)
            loaded = load(component, options, storage)
            if data in (talk, intent_talk):
                answer_of_ted(loaded, data, "hello", "greet")
            else:
                answers_of_diet(loaded, data, "hello", "fly to rome")


def parts_that_python_called() -> List[str]:
    """Parts of kernels that were compiled on their own."""
    return [
        f"{found.name}.{name}"
        for found in pkgutil.iter_modules(kernels.__path__, f"{kernels.__name__}.")
        for name, part in vars(importlib.import_module(found.name)).items()
        if isinstance(part, Dispatcher) and part.signatures
    ]


if __name__ == "__main__":
    work = Path(sys.argv[1])
    use_example_bot(work)
    for name in ("featurizers", "retrieval"):
        (work / name).mkdir()
    use_every_component(work)
    ready = [kernel for kernel in all_kernels() if kernel.is_ready]
    compiled = [kernel.name for kernel in ready if kernel.was_compiled]
    compiled += parts_that_python_called()
    print(json.dumps({"compiled": compiled, "loaded": len(ready) - len(compiled)}))
