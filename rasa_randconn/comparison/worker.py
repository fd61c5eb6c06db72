"""What both workers share: request and response as JSON files, and Rasa's set-up."""

from __future__ import annotations

import dataclasses
import json
import logging
import os
import platform
import signal
import sys
import threading
from pathlib import Path
from typing import Any, Dict, List, Optional, Type, TypeVar, Union

from rasa_randconn.comparison.configuration import trained_sections
from rasa_randconn.files import write_json


@dataclasses.dataclass
class WorkerRequest:
    """What a worker process is to do; sent to it as a JSON file."""

    config: str
    """Path of the user's configuration, which is only read."""

    derived_config: str
    """Path of the copy with seed and epochs, written by the training worker."""

    seed: int
    epochs: Optional[int]
    augmentation: int
    domain: Optional[str]
    train_nlu: List[str]
    test_nlu: List[str]
    train_stories: List[str]
    test_stories: List[str]
    model: str
    """Path of the model archive, written by the training worker."""

    evaluation: str
    """Folder for Rasa's evaluation reports."""

    scratch: str
    """Folder which is removed after the run."""

    response: str
    """Path of the JSON file with what the worker measured."""

    options: Dict[str, Any] = dataclasses.field(default_factory=dict)
    """Options to set in the neural components that have them."""

    def write(self, path: Path) -> None:
        """Writes the request to a file for the worker.

        Args:
            path: The JSON file to write.
        """
        write_json(dataclasses.asdict(self), path)


@dataclasses.dataclass
class CheckRequest:
    """What a worker process is to check; sent to it as a JSON file."""

    configs: List[str]
    """Paths of the user's configurations."""

    epochs: Optional[int]
    train_nlu: List[str]
    test_nlu: List[str]
    train_stories: List[str]
    test_stories: List[str]

    scratch: str
    """Folder which is removed afterwards."""

    response: str
    """Path of the JSON file with the faults, and with the divided NLU data."""

    split: Optional[float] = None
    """Fraction of the NLU data to train on; `None` if there are some to test on."""

    options: Dict[str, Any] = dataclasses.field(default_factory=dict)
    """Options to set in the neural components that have them."""

    @property
    def sections(self) -> List[str]:
        """The sections of the configurations that there are data to train for."""
        return trained_sections(self.train_nlu, self.train_stories)

    def write(self, path: Path) -> None:
        """Writes the request to a file for the worker.

        Args:
            path: The JSON file to write.
        """
        write_json(dataclasses.asdict(self), path)


Request = Union[WorkerRequest, CheckRequest]

RequestT = TypeVar("RequestT", WorkerRequest, CheckRequest)


def start(kind: Type[RequestT]) -> RequestT:
    """Reads the request named on the command line and prepares Rasa.

    From now on this process ends when its standard input does.

    Args:
        kind: The kind of request.

    Returns:
        The request.
    """
    threading.Thread(target=_end_with_input, daemon=True).start()
    request = kind(**json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
    # As Rasa's own command line does, for custom components beside the project.
    if os.getcwd() not in sys.path:
        sys.path.insert(1, os.getcwd())
    _configure_logging()
    return request


def _end_with_input() -> None:
    """Ends this process and its children once the process that started it is gone.

    That process keeps our standard input open and writes nothing to it.
    """
    # unbuffered: a buffer's lock would get in the way when the interpreter ends
    os.read(sys.stdin.fileno(), 1)
    # a group that is not its own holds processes of others
    if hasattr(os, "killpg") and os.getpgrp() == os.getpid():
        os.killpg(os.getpgrp(), signal.SIGKILL)
    os._exit(1)


def _configure_logging() -> None:
    from rasa.utils.common import configure_logging_and_warnings
    from rasa.utils.log_utils import configure_structlog

    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    # Without this Rasa formats and prints its debug messages, which costs time.
    configure_logging_and_warnings(log_level=logging.INFO)
    configure_structlog(logging.INFO)


def respond(request: Request, value: Dict[str, Any]) -> None:
    """Hands the measurements to the process that made the request.

    Args:
        request: The request.
        value: The measurements.
    """
    write_json(value, Path(request.response))


def versions() -> Dict[str, str]:
    """Lists the versions which the measurements depend on.

    Returns:
        Versions of Python and of the packages.
    """
    import numba
    import numpy
    import rasa
    import tensorflow

    from rasa_randconn.version import __version__

    return {
        "rasa_randconn": __version__,
        "rasa": rasa.__version__,
        "tensorflow": tensorflow.__version__,
        "numpy": numpy.__version__,
        "numba": numba.__version__,
        "python": platform.python_version(),
    }
