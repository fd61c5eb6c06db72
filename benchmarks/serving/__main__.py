"""Asks running servers for parses, and prints what they manage.

One server after the other is started with `rasa run --enable-api`, gets messages from
some clients at once for some seconds, and is stopped.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Dict, Iterator, List

import aiohttp
import numpy as np
import psutil
from rasa.shared.nlu.training_data.loading import load_data

_LONGEST_START = 300
_WARM_UP = 100


def main() -> None:
    """Parses the command line and measures."""
    parser = argparse.ArgumentParser(prog="benchmarks.serving", description=__doc__)
    parser.add_argument("--model", action="append", required=True, help="archive")
    parser.add_argument("--nlu", required=True, help="examples to parse")
    parser.add_argument("--clients", type=int, default=8, help="at once")
    parser.add_argument("--seconds", type=float, default=60.0, help="per model")
    parser.add_argument("--out", type=Path, help="file for the results, JSON")
    options = parser.parse_args()
    texts = [example.get("text") for example in load_data(options.nlu).nlu_examples]
    results = {
        model: _measure(model, texts, options.clients, options.seconds)
        for model in options.model
    }
    for model, result in results.items():
        facts = ", ".join(f"{name} {value:.4g}" for name, value in result.items())
        print(f"{model}: {facts}")
    if options.out:
        options.out.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


def _measure(
    model: str, texts: List[str], clients: int, seconds: float
) -> Dict[str, float]:
    """Starts a server and measures it.

    Returns:
        Messages per second, latency in milliseconds, memory in bytes after the first
        messages and at the end.
    """
    port = _free_port()
    command = [sys.executable, "-m", "rasa", "run", "--enable-api", "--model", model]
    server = subprocess.Popen(
        [*command, "--port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        return asyncio.run(_ask(server.pid, port, texts, clients, seconds))
    finally:
        server.terminate()
        server.wait()


async def _ask(
    process: int, port: int, texts: List[str], clients: int, seconds: float
) -> Dict[str, float]:
    upcoming = itertools.cycle(texts)
    memory = psutil.Process(process).memory_info
    async with aiohttp.ClientSession(f"http://localhost:{port}") as session:
        await _started(session)
        for _ in range(_WARM_UP):
            await _parse(session, next(upcoming))
        at_first = memory().rss
        start = time.perf_counter()
        latencies = await asyncio.gather(
            *(_client(session, upcoming, start + seconds) for _ in range(clients))
        )
        elapsed = time.perf_counter() - start
    flat = list(itertools.chain.from_iterable(latencies))
    p50, p99 = np.percentile(flat, [50, 99])
    return {
        "messages": len(flat),
        "messages_per_second": len(flat) / elapsed,
        "p50_ms": float(p50),
        "p99_ms": float(p99),
        "rss_after_warm_up": float(at_first),
        "rss_at_the_end": float(memory().rss),
    }


async def _client(
    session: aiohttp.ClientSession, texts: Iterator[str], end: float
) -> List[float]:
    latencies: List[float] = []
    while time.perf_counter() < end:
        asked = time.perf_counter()
        await _parse(session, next(texts))
        latencies.append((time.perf_counter() - asked) * 1e3)
    return latencies


async def _parse(session: aiohttp.ClientSession, text: str) -> Any:
    async with session.post("/model/parse", json={"text": text}) as response:
        response.raise_for_status()
        return await response.json()


async def _started(session: aiohttp.ClientSession) -> None:
    """Waits until the server has loaded its model.

    Raises:
        TimeoutError: If that takes too long.
    """
    end = time.monotonic() + _LONGEST_START
    while time.monotonic() < end:
        try:
            async with session.get("/status") as response:
                if response.status == 200:
                    return
        except aiohttp.ClientError:
            pass
        await asyncio.sleep(0.5)
    raise TimeoutError("The server did not start.")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    main()
