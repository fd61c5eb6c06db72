"""Results of runs that nobody has run."""

from __future__ import annotations


def make_run(name, seed, f1, seconds, family="DIETClassifier", cls=None):
    return {
        "config": f"configs/{name}.yml",
        "name": name,
        "seed": seed,
        "intent_f1": f1,
        "entity_f1": None,
        "train_seconds": seconds + 1,
        "peak_rss_bytes": {"training": 2_000_000, "serving": 1_000_000},
        "versions": {"rasa": "3.6.21"},
        "machine": {"cpu": "some", "cores": 2, "memory_bytes": 2**34},
        "components": {
            cls or family: {
                "class": f"module.{cls or family}",
                "family": family,
                "train_seconds": seconds,
                "connections": int(seconds * 10),
                "latency_ms": {"p50": 1.0, "p95": 2.0, "p99": 3.0},
            }
        },
    }
