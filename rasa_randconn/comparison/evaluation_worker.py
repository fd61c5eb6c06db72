"""Tests one trained model: `python -m ...evaluation_worker REQUEST.json`."""

from __future__ import annotations

import asyncio
import gc
import itertools
import shutil
import time
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence

from rasa_randconn.comparison import configuration, neural, training_data, worker
from rasa_randconn.comparison.instruments import Instruments, percentiles
from rasa_randconn.comparison.machine import peak_rss_bytes

WARM_UP = 20
"""Predictions made before times are kept."""

MEASURED = 1000
"""Messages whose prediction times are kept."""

MOST_REPLAYS = 50
"""How often the test stories are replayed for enough times, at most."""


def main() -> None:
    """Loads a model, measures its predictions and evaluates it with Rasa's own tests.

    Messages, then stories, then memory, then Rasa's evaluation of NLU, which needs
    memory that serving does not. Policies are timed while Rasa replays the test
    stories, so the memory of a bot with stories is that of serving and of this.
    """
    request = worker.start(worker.WorkerRequest)
    components = neural.find(configuration.read_config(request.derived_config))
    instruments = Instruments()
    for component in components:
        instruments.attach(component.component)
    asyncio.run(_test(request, components, instruments))


async def _test(
    request: worker.WorkerRequest,
    components: Sequence[neural.NeuralComponent],
    instruments: Instruments,
) -> None:
    from rasa.core.agent import Agent

    started = time.perf_counter()
    agent = Agent.load(model_path=request.model)
    results: Dict[str, Any] = {"load_seconds": time.perf_counter() - started}
    if not agent.is_ready():
        raise RuntimeError(f"Rasa could not load the model '{request.model}'.")

    scratch = Path(request.scratch) / "test_data"
    nlu = _single(request.test_nlu, scratch / "nlu", is_nlu=True)
    stories = _single(request.test_stories, scratch / "stories", is_nlu=False)
    if nlu is not None:
        results["message_latency_ms"] = await _time_messages(agent, nlu, instruments)
    if stories is not None:
        results.update(await _evaluate_stories(agent, stories, request, instruments))
    results["peak_rss_bytes"] = peak_rss_bytes()
    if nlu is not None:
        results.update(await _evaluate_nlu(agent, nlu, request, components))

    results["components"] = {
        component.key: {
            "load_seconds": measured.load_seconds,
            "first_prediction_ms": measured.first_prediction_ms,
            "latency_ms": percentiles(measured.prediction_ms),
        }
        for component in components
        for measured in [instruments.of(component.resource)]
        if measured.load_seconds is not None
    }
    worker.respond(request, results)


async def _time_messages(
    agent: Any, data: Path, instruments: Instruments
) -> Optional[Dict[str, float]]:
    from rasa.core.channels.channel import UserMessage
    from rasa.shared.importers.importer import TrainingDataImporter
    from rasa.shared.nlu.constants import TEXT

    importer = TrainingDataImporter.load_from_dict(training_data_paths=[str(data)])
    examples = importer.get_nlu_data().nlu_examples
    texts = [example.get(TEXT) for example in examples]
    if not texts:
        return None
    # The examples come grouped by intent: stride through them for a fair sample.
    count = WARM_UP + MEASURED
    step = max(1, len(texts) // count)
    sample = itertools.islice(itertools.cycle(texts[::step]), count)
    gc.collect()
    times: List[float] = []
    for index, text in enumerate(sample):
        instruments.recording = index >= WARM_UP
        started = time.perf_counter()
        await agent.processor.parse_message(UserMessage(text=text))
        if instruments.recording:
            times.append((time.perf_counter() - started) * 1e3)
    instruments.recording = False
    return percentiles(times)


async def _evaluate_stories(
    agent: Any, stories: Path, request: worker.WorkerRequest, instruments: Instruments
) -> Dict[str, Any]:
    from rasa.core.test import test

    # The times of NLU components stay those of messages sent one by one.
    before = {
        name: list(measured.prediction_ms)
        for name, measured in instruments.measurements.items()
    }
    instruments.recording = True
    Path(request.evaluation).mkdir(parents=True, exist_ok=True)
    result = await test(
        str(stories), agent, out_directory=request.evaluation, disable_plotting=True
    )
    for _ in range(MOST_REPLAYS):
        if not _too_few(instruments, before):
            break
        await test(str(stories), agent, disable_plotting=True, errors=False)
    instruments.recording = False
    for name, measured in instruments.measurements.items():
        if before.get(name):
            measured.prediction_ms = before[name]
        else:
            measured.prediction_ms = measured.prediction_ms[WARM_UP:]
    report = result["report"]
    return {
        "action_f1": _weighted_f1(report),
        "conversation_accuracy": report.get("conversation_accuracy", {}).get(
            "accuracy"
        ),
    }


def _too_few(instruments: Instruments, before: Dict[str, List[float]]) -> bool:
    counts = [
        len(measured.prediction_ms)
        for name, measured in instruments.measurements.items()
        if not before.get(name) and measured.prediction_ms
    ]
    return bool(counts) and min(counts) < WARM_UP + MEASURED


async def _evaluate_nlu(
    agent: Any,
    data: Path,
    request: worker.WorkerRequest,
    components: Sequence[neural.NeuralComponent],
) -> Dict[str, Any]:
    from rasa.nlu.test import run_evaluation

    result = await run_evaluation(
        str(data),
        agent.processor,
        output_directory=request.evaluation,
        errors=True,
        disable_plotting=True,
        domain_path=request.domain,
    )
    intents = result["intent_evaluation"]
    scores: Dict[str, Any] = {
        "intent_f1": _weighted_f1(intents["report"]) if intents else None,
        "entity_f1": None,
        "entity_f1_by_extractor": {},
        "response_f1": _response_f1(result["response_selection_evaluation"]),
    }
    if result["entity_evaluation"] is not None:
        by_extractor = {
            extractor: _weighted_f1(evaluation["report"])
            for extractor, evaluation in result["entity_evaluation"].items()
        }
        scores["entity_f1_by_extractor"] = by_extractor
        scores["entity_f1"] = _entity_f1(by_extractor, components)
    return scores


def _response_f1(evaluation: Optional[Dict[str, Any]]) -> Optional[float]:
    """F1 of the responses; `None` if nothing in the bot selects any.

    Rasa evaluates all messages that have a response, whether or not it is asked for.
    """
    selected = "intent_response_key_prediction"
    if not evaluation or not any(p[selected] for p in evaluation["predictions"]):
        return None
    return _weighted_f1(evaluation["report"])


def _entity_f1(
    by_extractor: Dict[str, Optional[float]],
    components: Sequence[neural.NeuralComponent],
) -> Optional[float]:
    extracting = [
        component
        for component in components
        if component.family == "DIETClassifier"
        and component.config.get("entity_recognition", True)
    ]
    for component in extracting:
        name = component.component.__name__
        if name in by_extractor:
            return by_extractor[name]
    if extracting:
        # Rasa leaves out extractors that found nothing at all.
        return 0.0
    if "CRFEntityExtractor" in by_extractor:
        return by_extractor["CRFEntityExtractor"]
    return next(iter(by_extractor.values())) if len(by_extractor) == 1 else None


def _weighted_f1(report: Dict[str, Any]) -> Optional[float]:
    average = report.get("weighted avg")
    return None if average is None else float(average["f1-score"])


def _single(paths: Sequence[str], folder: Path, is_nlu: bool) -> Optional[Path]:
    """Gathers test data in one place, as Rasa's evaluations take one path."""
    if not paths:
        return None
    folder.mkdir(parents=True)
    files = training_data.select(
        nlu=paths if is_nlu else (),
        stories=() if is_nlu else paths,
        scratch=folder.with_name(folder.name + "_parts"),
    )
    for index, file in enumerate(files):
        shutil.copy(str(file), str(folder / f"{index:04d}_{file.name}"))
    return folder


if __name__ == "__main__":
    main()
