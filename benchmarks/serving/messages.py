"""Has a loaded model answer messages; imports nothing of ours by itself."""

from __future__ import annotations

import gc
import itertools
import logging
from typing import List, Sequence

import psutil
from rasa.core.agent import Agent
from rasa.core.channels.channel import UserMessage
from rasa.shared.importers.importer import TrainingDataImporter
from rasa.shared.nlu.constants import TEXT
from rasa.utils.log_utils import configure_structlog


def load_agent(model: str) -> Agent:
    """Loads a model as Rasa does.

    Args:
        model: The archive.

    Raises:
        SystemExit: If it cannot be loaded.
    """
    # as Rasa's command line does; else it formats and prints its debug messages
    configure_structlog(logging.WARNING)
    agent = Agent.load(model_path=model)
    if not agent.is_ready():
        raise SystemExit(f"Rasa cannot load the model '{model}'.")
    return agent


def read_texts(nlu: Sequence[str]) -> List[str]:
    """The different texts of NLU examples, in an order that mixes intents.

    Args:
        nlu: Files or folders of NLU data.

    Raises:
        SystemExit: If there are none.
    """
    importer = TrainingDataImporter.load_from_dict(training_data_paths=list(nlu))
    examples = importer.get_nlu_data().nlu_examples
    texts = list(dict.fromkeys(example.get(TEXT) for example in examples))
    if not texts:
        raise SystemExit(f"There are no examples in {', '.join(nlu)}.")
    step = 7  # examples come grouped by intent
    return [text for start in range(step) for text in texts[start::step]]


async def parse_messages(agent: Agent, texts: Sequence[str], count: int) -> None:
    """Has Rasa parse messages, one after the other.

    Args:
        agent: The loaded model.
        texts: What users write, again from the start when it ends.
        count: Number of messages.
    """
    for text in itertools.islice(itertools.cycle(texts), count):
        await agent.processor.parse_message(UserMessage(text=text))


def resident_bytes() -> int:
    """Memory that this process holds, without garbage."""
    gc.collect()
    return int(psutil.Process().memory_info().rss)
