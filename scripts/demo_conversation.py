"""Talks to the bot that `make demo` has trained, and tests it."""

import asyncio
import logging
import sys
import time
from pathlib import Path

from rasa.core.agent import Agent
from rasa.nlu.test import run_evaluation
from rasa.utils.log_utils import configure_structlog

MESSAGES = (
    "book me a first class ticket from York to Leeds",
    "are dogs allowed on the train?",
    "what time is the last coach to Bristol on Sunday",
)
DIALOGUE = (
    "hello there",
    "I'd like to book a ticket from York to Leeds",
    "tomorrow please",
    "second class",
    "yes, that's correct",
    "thank you very much",
)
TEST_NLU = "example_bot/tests/test_nlu.yml"


async def main(folder):
    logging.disable(logging.WARNING)
    configure_structlog(logging.ERROR)
    agent = Agent.load(str(folder / "model.tar.gz"))
    await messages(agent)
    await dialogue(agent)
    await test(agent, folder / "test")


async def messages(agent):
    print("\n== 2. Three messages, and a conversation\n")
    await agent.parse_message("hello")  # the first one reads the compiled kernels
    for text in MESSAGES:
        started = time.perf_counter()
        answer = await agent.parse_message(text)
        milliseconds = (time.perf_counter() - started) * 1e3
        intent = answer["intent"]
        print(f"  {text}")
        print(
            f"    {intent['name']}, confidence {intent['confidence']:.2f}, "
            f"in {milliseconds:.1f} ms"
        )
        for entity in answer["entities"]:
            role = f" ({entity['role']})" if "role" in entity else ""
            print(f"    {entity['entity']}{role}: {entity['value']}")
    print()


async def dialogue(agent):
    for text in DIALOGUE:
        print(f"  You: {text}")
        for response in await agent.handle_text(text):
            print(f"  Bot: {response.get('text', '')}")
    sys.stdout.flush()


async def test(agent, folder):
    print(f"\n== 3. rasa test nlu, on {TEST_NLU}\n")
    folder.mkdir()
    found = await run_evaluation(
        TEST_NLU, agent.processor, output_directory=str(folder), disable_plotting=True
    )
    f1 = {"intent F1": found["intent_evaluation"]["report"]}
    for name, evaluation in found["entity_evaluation"].items():
        f1[f"entity F1 of {name}"] = evaluation["report"]
    for title, scores in f1.items():
        print(f"  {title}: {scores['weighted avg']['f1-score']:.3f}")


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
