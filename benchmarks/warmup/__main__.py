"""Compiles all kernels in processes with empty folders for machine code.

What `rasa-randconn warmup` says of the time is written to a file, with the machine and
the versions.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path
from typing import Optional, Sequence

from rasa_randconn.comparison import machine
from rasa_randconn.comparison.checkout import commit
from rasa_randconn.comparison.worker import versions
from rasa_randconn.files import write_json

_SECONDS = re.compile(r"([\d.]+) seconds\.")


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Measures, and writes the file.

    Args:
        argv: The arguments; those of the process if `None`.

    Returns:
        The exit code, 0.
    """
    parser = argparse.ArgumentParser(prog="benchmarks.warmup", description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--out", type=Path, required=True, help="the JSON file")
    options = parser.parse_args(argv)
    load = machine.load_average()
    seconds = [_warm_up() for _ in range(options.repeats)]
    measured = {
        "date": date.today().isoformat(),
        "commit": commit(),
        "machine": machine.describe(),
        "versions": versions(),
        "load_average": load,
        "seconds": seconds,
    }
    write_json(measured, options.out)
    print(seconds)
    return 0


def _warm_up() -> float:
    with tempfile.TemporaryDirectory() as folder:
        output = subprocess.run(
            [sys.executable, "-m", "rasa_randconn.cli", "warmup"],
            env={**os.environ, "NUMBA_CACHE_DIR": folder},
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        ).stdout
    found = _SECONDS.search(output)
    if found is None:
        raise ValueError(f"The warm-up does not say how long it took: {output}")
    return float(found[1])


if __name__ == "__main__":
    sys.exit(main())
