"""Loads one model, has it parse messages, and prints what the process then holds."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys

from benchmarks.serving.messages import (
    load_agent,
    parse_messages,
    read_texts,
    resident_bytes,
)

_LIBRARIES = ("tensorflow", "numba")


def main() -> None:
    """Parses the command line and measures; prints one line of JSON."""
    parser = argparse.ArgumentParser(
        prog="benchmarks.serving.resident", description=__doc__
    )
    parser.add_argument("--model", required=True, help="archive")
    parser.add_argument("--nlu", nargs="+", required=True, help="examples to parse")
    parser.add_argument("--messages", type=int, default=1000, help="how many")
    options = parser.parse_args()
    texts = read_texts(options.nlu)
    agent = load_agent(options.model)
    asyncio.run(parse_messages(agent, texts, options.messages))
    imported = [library for library in _LIBRARIES if library in sys.modules]
    print(json.dumps({"resident_bytes": resident_bytes(), "imported": imported}))


if __name__ == "__main__":
    main()
