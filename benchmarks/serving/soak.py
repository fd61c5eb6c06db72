"""Checks that a loaded model serves many threads, and does not grow while it serves.

Threads call `process` of every component of ours at once; each answer must equal the
one that a single thread got. Then messages go through Rasa's `parse_message`, one after
the other, and the process must not hold more memory at the end than after the first.
"""

from __future__ import annotations

import argparse
import asyncio
import copy
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Dict, Optional, Sequence

from rasa.core.agent import Agent
from rasa.shared.nlu.training_data.message import Message

from benchmarks.serving.messages import (
    load_agent,
    parse_messages,
    read_texts,
    resident_bytes,
)
from benchmarks.serving.our_components import (
    Served,
    answer_of,
    message_for,
    our_message_components,
)

LARGEST_GROWTH = 5e6
"""Bytes."""

_FIRST_MESSAGES = 1000
_DIFFERENT_MESSAGES = 200


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Runs both checks, and prints what was found.

    Args:
        argv: The arguments; those of the process if `None`.

    Returns:
        The exit code: 0, or 1 if an answer differs or the process grows.
    """
    parser = argparse.ArgumentParser(
        prog="benchmarks.serving.soak", description=__doc__
    )
    parser.add_argument("--model", required=True, help="archive")
    parser.add_argument("--nlu", nargs="+", required=True, help="examples to answer")
    parser.add_argument("--threads", type=int, default=8, help="at once")
    parser.add_argument("--calls", type=int, default=1000, help="of every thread")
    parser.add_argument("--messages", type=int, default=20_000, help="for the memory")
    options = parser.parse_args(argv)
    if options.messages <= _FIRST_MESSAGES:
        parser.error(f"--messages must be more than {_FIRST_MESSAGES}.")
    agent = load_agent(options.model)
    components = our_message_components(agent)
    if not components:
        raise SystemExit(f"'{options.model}' has no component of ours for messages.")
    texts = read_texts(options.nlu)
    different = 0
    for served in components:
        found = different_answers(
            agent,
            served,
            texts[:_DIFFERENT_MESSAGES],
            options.threads,
            options.calls,
        )
        different += found
        print(
            f"{served.name}: {options.threads} threads, {options.calls} calls of "
            f"process each: {found} answers differ from those of one thread"
        )
    growth = asyncio.run(memory_growth(agent, texts, options.messages))
    print(
        f"parse_message, {options.messages} messages: "
        f"{growth / 1e6:+.1f} MB after the first {_FIRST_MESSAGES}"
    )
    return int(different > 0 or growth >= LARGEST_GROWTH)


def different_answers(
    agent: Agent, served: Served, texts: Sequence[str], threads: int, calls: int
) -> int:
    """Counts the answers that differ from those of a single thread.

    Args:
        agent: The loaded model.
        served: The component.
        texts: What users write; every thread starts at another one.
        threads: How many there are at once.
        calls: Calls of every thread.
    """
    messages = [message_for(agent, served, text) for text in texts]

    def answer(message: Message) -> Dict[str, Any]:
        (answered,) = served.component.process([copy.deepcopy(message)])
        return answer_of(answered)

    expected = [answer(message) for message in messages]

    def work(thread: int) -> int:
        start = thread * len(messages) // threads
        numbers = [(start + call) % len(messages) for call in range(calls)]
        return sum(answer(messages[i]) != expected[i] for i in numbers)

    with ThreadPoolExecutor(max_workers=threads) as pool:
        return sum(pool.map(work, range(threads)))


async def memory_growth(agent: Agent, texts: Sequence[str], count: int) -> int:
    """Measures how much the process grows after its first messages.

    Args:
        agent: The loaded model.
        texts: What users write, again from the start when it ends.
        count: Number of messages.

    Returns:
        Bytes of resident memory at the end, less those after the first messages.
    """
    await parse_messages(agent, texts, _FIRST_MESSAGES)
    at_first = resident_bytes()
    await parse_messages(agent, texts, count - _FIRST_MESSAGES)
    return resident_bytes() - at_first


if __name__ == "__main__":
    sys.exit(main())
