"""The folder of a sweep: finished cells, failures, and what they were made from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Dict, Iterable, List

from rasa_randconn.comparison import split
from rasa_randconn.comparison.errors import ComparisonError
from rasa_randconn.comparison.replaced_folders import check_not_replaced
from rasa_randconn.comparison.results import Run
from rasa_randconn.files import remove, write_atomically, write_json
from rasa_randconn.sweep.cell_run import Outcome
from rasa_randconn.sweep.cells import Cell, cell_of

DESCRIPTION = "sweep.json"
CELLS = "cells"
FAILURES = "failures"
PLOTS = "plots"
TABLES = ("results.csv", "results.parquet", "summary.csv", "recommendation.md")

_OWN = (DESCRIPTION, CELLS, FAILURES, PLOTS, split.FOLDER, *TABLES)


class SweepFolder:
    """Keeps every finished cell in a file of its own."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def check(self, inputs: Iterable[str] = ()) -> None:
        """Makes sure that the folder holds a sweep, or nothing that a sweep has.

        Args:
            inputs: Files that will be read, if an earlier sweep is to be removed.

        Raises:
            ComparisonError: If it holds something else, or one of the files.
        """
        if self.path.exists() and not self.path.is_dir():
            raise ComparisonError(f"'{self.path}' is a file, not a folder.")
        existing = self._existing()
        if existing and not (self.path / DESCRIPTION).exists():
            raise ComparisonError(
                f"The folder '{self.path}' holds {', '.join(existing)}, but not from a "
                f"sweep. Choose another folder with --out."
            )
        check_not_replaced(inputs, (self.path / name for name in existing))

    def open(self, inputs: Dict[str, Any], overwrite: bool) -> None:
        """Makes the folder, or makes sure that its cells fit to the ones to come.

        Args:
            inputs: By name, what all cells have in common; JSON values.
            overwrite: Whether to remove an earlier sweep.

        Raises:
            ComparisonError: If the folder holds something else, or a sweep of other
                inputs.
        """
        self.check()
        existing = self._existing()
        description = self.path / DESCRIPTION
        if existing:
            earlier = self._read_description()
            if overwrite:
                for name in existing:
                    remove(self.path / name)
            else:
                self._check_same(earlier, inputs)
        write_json({"format": 1, "inputs": inputs}, description)

    def _existing(self) -> List[str]:
        return [name for name in _OWN if (self.path / name).exists()]

    def runs(self) -> List[Run]:
        """Reads what was measured in all finished cells.

        Returns:
            The runs, in the order of the cells' names.

        Raises:
            ComparisonError: If a cell's file is damaged.
        """
        runs = []
        for path in sorted((self.path / CELLS).glob("*.json")):
            try:
                run = json.loads(path.read_text(encoding="utf-8"))
                if cell_of(run).name != path.stem:
                    raise ValueError("it is of another cell")
            except (OSError, ValueError, KeyError, TypeError) as error:
                raise ComparisonError(
                    f"Cannot read the cell '{path}' ({error}). Delete it to have it "
                    f"trained again."
                ) from error
            runs.append(run)
        return runs

    def keep(self, cell: Cell, outcome: Outcome) -> None:
        """Writes what came of a cell, at once and whole.

        Args:
            cell: The cell.
            outcome: What came of it.
        """
        log = self.path / FAILURES / f"{cell.name}.log"
        if outcome.run is None:
            with write_atomically(log) as file:
                file.write("\n".join([outcome.failure, *outcome.log]) + "\n")
            return
        write_json(outcome.run, self.path / CELLS / f"{cell.name}.json")
        if log.exists():
            log.unlink()

    def _read_description(self) -> Dict[str, Any]:
        path = self.path / DESCRIPTION
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            inputs: Dict[str, Any] = content["inputs"]
            if content["format"] != 1:
                raise ValueError(f"its format is {content['format']}")
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ComparisonError(
                f"The file '{path}' does not describe a sweep of this version "
                f"({error}). Choose another folder with --out."
            ) from error
        return inputs

    def _check_same(self, earlier: Dict[str, Any], inputs: Dict[str, Any]) -> None:
        changed = [
            name
            for name in sorted({*earlier, *inputs})
            if earlier.get(name) != inputs.get(name)
        ]
        if changed:
            raise ComparisonError(
                f"The sweep in '{self.path}' was made with something else: "
                f"{', '.join(changed)} changed. Choose another folder with --out, or "
                f"start anew with --overwrite."
            )
