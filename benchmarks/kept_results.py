"""Results of trainings that are kept, so that only what is missing is trained."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, Callable, Dict

from rasa_randconn.comparison.errors import ComparisonError
from rasa_randconn.files import write_json

SETTINGS = "settings.json"


class KeptResults:
    """A folder of JSON files that were all made with the same settings."""

    def __init__(self, folder: Path, settings: Dict[str, Any]) -> None:
        """Opens the folder, or makes it.

        Args:
            folder: The folder.
            settings: What all results have in common; JSON values.

        Raises:
            ComparisonError: If the folder holds results of other settings.
        """
        self._folder = folder
        path = folder / SETTINGS
        if path.is_file():
            earlier = json.loads(path.read_text(encoding="utf-8"))
            different = sorted(
                name
                for name in {*earlier, *settings}
                if earlier.get(name) != settings.get(name)
            )
            if different:
                raise ComparisonError(
                    f"The results in '{folder}' were made with another "
                    f"{', '.join(different)}. Choose another folder with --out."
                )
        elif any(folder.glob("*.json")):
            raise ComparisonError(
                f"The folder '{folder}' holds results, but no {SETTINGS}. Choose "
                f"another folder with --out."
            )
        else:
            write_json(settings, path)

    def get(self, name: str, make: Callable[[], Any]) -> Any:
        """Reads a result; makes and keeps it first if it is missing.

        Args:
            name: Name of the result.
            make: Makes the result, a JSON value.
        """
        path = self._folder / f"{name}.json"
        if not path.is_file():
            write_json(make(), path)
        return json.loads(path.read_text(encoding="utf-8"))


def checksum(path: str) -> str:
    """SHA-256 of a file, by which settings know it again."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()
