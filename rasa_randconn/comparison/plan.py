"""What is to be compared, and whether that can be done."""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Iterator, List, Mapping, Optional, Sequence

from rasa_randconn.comparison import configuration, early_faults
from rasa_randconn.comparison.errors import ComparisonError
from rasa_randconn.options import LARGEST_SEED


@dataclass(frozen=True)
class Plan:
    """What is to be compared.

    Attributes:
        configs: Files of the configurations.
        out: Folder for everything that is written.
        seeds: Random seeds; every configuration is trained with each.
        epochs: Epochs of all neural components; those of the configurations if `None`.
        augmentation: How often Rasa glues stories together.
        domain: The domain, which stories need.
        train_nlu: Examples to train on.
        test_nlu: Examples to test on.
        train_stories: Stories and rules to train on.
        test_stories: Stories to test on.
        split: Fraction of `train_nlu` to train on where there is no `test_nlu`; the
            rest is tested on. `None` if there is some.
        overwrite: Whether results of an earlier comparison in the folder are replaced.
        command: The command line, for the report.
        options: Options to set in the neural components that have
            them.
        threads: Threads that one training or test may use; `None` for all cores.
    """

    configs: Sequence[str]
    out: Path
    seeds: Sequence[int] = (1,)
    epochs: Optional[int] = None
    augmentation: int = 50
    domain: Optional[str] = None
    train_nlu: Sequence[str] = ()
    test_nlu: Sequence[str] = ()
    train_stories: Sequence[str] = ()
    test_stories: Sequence[str] = ()
    split: Optional[float] = None
    overwrite: bool = False
    command: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    threads: Optional[int] = None

    @property
    def inputs(self) -> List[str]:
        """All files and folders that are read."""
        domain = [] if self.domain is None else [self.domain]
        data = (
            *self.train_nlu,
            *self.test_nlu,
            *self.train_stories,
            *self.test_stories,
        )
        return [*self.configs, *domain, *data]

    @property
    def sections(self) -> List[str]:
        """The sections of the configurations that there are data to train for."""
        return configuration.trained_sections(self.train_nlu, self.train_stories)

    def check(self) -> None:
        """Checks the plan as far as that is possible without Rasa.

        Raises:
            ComparisonError: If something is missing or contradictory.
        """
        if self.out.resolve() == Path.cwd():
            raise ComparisonError(
                "--out must name a folder of its own, such as 'comparison', not the "
                "current one: models and results would mix with your files, and "
                "--overwrite would remove them together."
            )
        if self.split is not None:
            self._check_split(self.split)
        else:
            _check_pair("--train-nlu", self.train_nlu, "--test-nlu", self.test_nlu)
        _check_pair(
            "--train-stories", self.train_stories, "--test-stories", self.test_stories
        )
        if not self.train_nlu and not self.train_stories:
            raise ComparisonError(
                "There is nothing to train on: give --train-nlu with --test-nlu or "
                "--split, or --domain with --train-stories and --test-stories, or both."
            )
        if self.train_stories and self.domain is None:
            raise ComparisonError("Stories need a domain: give --domain.")
        if len(set(self.seeds)) != len(self.seeds):
            raise ComparisonError("Every seed may be given only once.")
        if min(self.seeds) < 0:
            raise ComparisonError("Seeds must not be negative.")
        if max(self.seeds) > LARGEST_SEED:
            raise ComparisonError(f"Seeds must be at most {LARGEST_SEED}.")
        if self.epochs is not None and self.epochs < 1:
            raise ComparisonError("--epochs must be at least 1.")
        if self.augmentation < 0:
            raise ComparisonError("--augmentation must not be negative.")
        data = [*self.train_nlu, *self.test_nlu]
        data += [*self.train_stories, *self.test_stories]
        for path in [*data, *([self.domain] if self.domain is not None else [])]:
            with _reading(path):
                if not Path(path).exists():
                    raise ComparisonError(f"There is no file or folder '{path}'.")
        files = [Path(config).resolve() for config in self.configs]
        for config, file in zip(self.configs, files):
            if files.count(file) > 1:
                raise ComparisonError(f"The configuration '{config}' is given twice.")
        for config in self.configs:
            configuration.check_config(
                config, bool(self.train_nlu), bool(self.train_stories)
            )
        faults = [
            fault
            for config in self.configs
            for fault in early_faults.known_faults(config, self.sections, self.options)
        ]
        faults += [
            f"There are no {what} in {', '.join(paths)}."
            for what, keys, paths in (
                ("NLU data", ("nlu", "responses"), self.train_nlu),
                ("examples", ("nlu",), self.test_nlu),
                ("stories or rules", ("stories", "rules"), self.train_stories),
                ("stories", ("stories", "rules"), self.test_stories),
            )
            if paths and all(_lacks(Path(path), keys) for path in paths)
        ]
        if faults:
            raise ComparisonError("\n".join(faults))

    def _check_split(self, split: float) -> None:
        if not 0 < split < 1:
            raise ComparisonError(
                f"--split must be between 0 and 1, such as 0.8, not {split:g}."
            )
        if self.test_nlu:
            raise ComparisonError(
                "--split makes a test set from --train-nlu: leave out --test-nlu, or "
                "leave out --split."
            )
        if not self.train_nlu:
            raise ComparisonError("--split divides NLU data: give --train-nlu.")
        if self.train_stories and not self.test_stories:
            raise ComparisonError(
                "--split divides NLU data only: a story is often the only one of its "
                "kind. Give --test-stories for --train-stories."
            )


def _lacks(path: Path, keys: Sequence[str]) -> bool:
    """Whether a file in YAML's usual style has none of some keys, or nothing there."""
    with _reading(str(path)):
        if path.suffix not in (".yml", ".yaml") or not path.is_file():
            return False
        # a byte order mark is no part of the first key
        text = path.read_text(encoding="utf-8-sig", errors="replace")
    found = dict(re.findall(r"^(\w+):[ \t]*(.*)$", text, re.MULTILINE))
    return bool(found) and all(found.get(key, "[]") == "[]" for key in keys)


@contextlib.contextmanager
def _reading(path: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ComparisonError(f"Cannot read '{path}': {error.strerror}.") from error


def _check_pair(
    train: str, train_paths: Sequence[str], test: str, test_paths: Sequence[str]
) -> None:
    if train_paths and not test_paths:
        raise ComparisonError(
            f"{train} needs {test} to test on"
            f"{', or --split to make a test set' if train == '--train-nlu' else ''}."
        )
    if test_paths and not train_paths:
        raise ComparisonError(f"{test} needs {train} to train on.")
