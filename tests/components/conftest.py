"""Whole bots, trained once for all tests of the components."""

from __future__ import annotations

import asyncio
import warnings
from typing import Any, List, NamedTuple

import pytest


class Bot(NamedTuple):
    """A trained bot.

    Attributes:
        folder: Where its files are.
        archive: Path of the trained model.
        agent: The loaded bot.
        warnings: What Rasa and our package warned of in training.
    """

    folder: Any
    archive: str
    agent: Any
    warnings: List[str]


# Enough for the policy to find entities in the few texts it has seen.
LEARNING = {
    "epochs": 20,
    "batch_size": 16,
    "learning_rate": 0.02,
    "drop_rate": 0.0,
    "drop_rate_dialogue": 0.0,
    "BILOU_flag": False,
}


def _train(folder: Any, diet: str, ted: str, **ted_options: Any) -> Bot:
    import rasa
    from data_factory import write_bot
    from rasa.core.agent import load_agent

    write_bot(folder, diet, ted, ted_options={**LEARNING, **ted_options})
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = rasa.train(
            str(folder / "domain.yml"),
            str(folder / "config.yml"),
            [str(folder / "data")],
            output=str(folder / "models"),
            force_training=True,
            core_additional_arguments={"augmentation_factor": 0},
        )
    messages = [
        str(warning.message)
        for warning in caught
        if issubclass(warning.category, (UserWarning, FutureWarning))
        and "/rasa" in warning.filename
    ]
    agent = asyncio.run(load_agent(result.model))
    return Bot(folder, result.model, agent, messages)


@pytest.fixture(scope="session")
def our_bot(tmp_path_factory):
    from data_factory import OUR_DIET, OUR_TED

    return _train(tmp_path_factory.mktemp("our_bot"), OUR_DIET, OUR_TED)


@pytest.fixture(scope="session")
def stock_bot(tmp_path_factory):
    """The same bot with stock's components, but hardly trained."""
    from data_factory import eagerly

    folder = tmp_path_factory.mktemp("stock_bot")
    with eagerly():
        return _train(folder, "DIETClassifier", "TEDPolicy", epochs=2)
