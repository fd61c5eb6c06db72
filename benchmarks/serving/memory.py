"""Compares the memory that serving a model takes, stock's and ours.

Three processes each load a model and parse messages: one of the first configuration
(stock), one of the second (ours), and one of the first without its components of DIET's
kind and those that need them. The last is what all three have in common: Python, Rasa,
and the libraries that Rasa imports in any case, TensorFlow among them.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence

from rasa_randconn.comparison.configuration import read_config, write_config
from rasa_randconn.comparison.neural import is_neural, resolve

STOCK, OURS, WITHOUT = "stock", "ours", "without"


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Measures, and prints what was found.

    Args:
        argv: The arguments; those of the process if `None`.

    Returns:
        The exit code: 0, or 1 if ours does not take less memory than stock.
    """
    parser = argparse.ArgumentParser(
        prog="benchmarks.serving.memory", description=__doc__
    )
    add = parser.add_argument
    add("--config", action="append", required=True, help="twice: stock, ours")
    add("--model", action="append", default=[], help="twice, if trained already")
    add("--train-nlu", required=True, help="examples to train on")
    add("--nlu", nargs="+", required=True, help="examples to parse")
    add("--messages", type=int, default=1000, help="how many each process parses")
    options = parser.parse_args(argv)
    if len(options.config) != 2 or len(options.model) not in (0, 2):
        parser.error("Give two configurations, and two models or none.")
    with tempfile.TemporaryDirectory() as folder:
        shared = Path(folder) / "without.yml"
        write_config(without_neural(read_config(options.config[0])), shared)
        configs = dict(zip((STOCK, OURS), options.config))
        models = dict(zip((STOCK, OURS), options.model))
        found = {}
        for name, config in {**configs, WITHOUT: str(shared)}.items():
            if name not in models:
                models[name] = _train(config, options.train_nlu, Path(folder), name)
            found[name] = _serve(models[name], options.nlu, options.messages)
            print(
                f"{name}: {found[name]['resident_bytes'] / 1e6:.0f} MB, "
                f"imported: {', '.join(found[name]['imported']) or 'neither'}",
                flush=True,
            )
    stock, ours, without = (
        found[name]["resident_bytes"] for name in (STOCK, OURS, WITHOUT)
    )
    print(f"ours - without: {(ours - without) / 1e6:.0f} MB")
    print(f"stock - without: {(stock - without) / 1e6:.0f} MB")
    if stock > without:
        ratio = (ours - without) / (stock - without)
        print(f"(ours - without) / (stock - without): {ratio:.2f}")
    return int(ours >= stock)


def without_neural(config: Dict[str, Any]) -> Dict[str, Any]:
    """A configuration without the components of DIET's kind in its pipeline.

    Args:
        config: A configuration, which is left as it is.

    Returns:
        A changed copy. What cannot be without those components is left out, too,
        like the `FallbackClassifier` where nothing else classifies intents.
    """
    kept: List[Dict[str, Any]] = []
    for entry in config["pipeline"]:
        component: Any = resolve(entry["name"])
        before = tuple(resolve(other["name"]) for other in kept)
        if not is_neural(component) and all(
            any(issubclass(one, needed) for one in before)
            for needed in component.required_components()
        ):
            kept.append(dict(entry))
    return {**config, "assistant_id": "without", "pipeline": kept}


def _train(config: str, nlu: str, folder: Path, name: str) -> str:
    command = [sys.executable, "-m", "rasa", "train", "nlu", "--config", config]
    command += ["--nlu", nlu, "--out", str(folder), "--fixed-model-name", name]
    environment = {**os.environ, "RASA_CACHE_DIRECTORY": str(folder / "cache")}
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment)
    return str(folder / f"{name}.tar.gz")


def _serve(model: str, nlu: Sequence[str], messages: int) -> Dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.serving.resident", "--model", model]
    command += ["--nlu", *nlu, "--messages", str(messages)]
    answer = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    facts: Dict[str, Any] = json.loads(answer.stdout.splitlines()[-1])
    return facts


if __name__ == "__main__":
    sys.exit(main())
