"""Runs all measurements and writes the report."""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks.speed import encoders, layers, report, steps

RESULTS = Path(__file__).parents[1] / "results"


def main() -> None:
    """Parses the command line and measures."""
    parser = argparse.ArgumentParser(prog="benchmarks.speed", description=__doc__)
    parser.add_argument("--repeats", type=int, default=15, help="calls of each")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder")
    options = parser.parse_args()
    parts = {
        f"One layer, forward and backward, {layers.TOKENS} tokens": layers,
        f"One encoder step, batch of {encoders.BATCH}": encoders,
        f"One training step, batch of {steps.BATCH}": steps,
    }
    tables = {}
    for title, part in parts.items():
        print(title, flush=True)
        tables[title] = part.measure(options.repeats)
    report.write(tables, options.repeats, options.out)
    print(f"Report: {options.out / 'speed.md'}")


if __name__ == "__main__":
    main()
