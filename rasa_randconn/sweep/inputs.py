"""Packs the files of a sweep, so that they can travel to machines without them."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, List, Tuple

from rasa_randconn.comparison.errors import ComparisonError
from rasa_randconn.comparison.plan import Plan

_SUFFIXES = (".yml", ".yaml", ".json")
_FILES_OF_PLAN = (
    "configs",
    "domain",
    "train_nlu",
    "test_nlu",
    "train_stories",
    "test_stories",
)


@dataclass(frozen=True)
class PackedPlan:
    """A plan whose files are inside of it."""

    plan: Plan
    """The plan; its paths are relative to where the archive is unpacked."""

    archive: bytes
    """A compressed tar archive of the files."""

    digests: Dict[str, str]
    """A SHA-256 of the contents of each kind of file, by the plan's attribute."""

    def unpack(self, folder: Path, **changes: Any) -> Plan:
        """Writes the files into a folder.

        Args:
            folder: An existing folder.
            changes: Attributes of the plan to replace.

        Returns:
            The plan, with the paths of the unpacked files.
        """
        with tarfile.open(fileobj=io.BytesIO(self.archive)) as archive:
            archive.extractall(str(folder))
        for name in _FILES_OF_PLAN:
            paths = getattr(self.plan, name)
            if isinstance(paths, str):
                changes[name] = str(folder / paths)
            elif paths is not None:
                changes[name] = [str(folder / path) for path in paths]
        return dataclasses.replace(self.plan, **changes)


def pack(plan: Plan) -> PackedPlan:
    """Reads all files that a plan names.

    Args:
        plan: A plan that has been checked.

    Returns:
        The plan with the files. Of folders it has the visible YAML and JSON files,
        which are all that Rasa reads.

    Raises:
        ComparisonError: If a file cannot be read.
    """
    packed: Dict[str, str] = {}
    digests: Dict[str, str] = {}
    changes: Dict[str, Any] = {}
    buffer = io.BytesIO()
    try:
        with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
            for name in _FILES_OF_PLAN:
                given = getattr(plan, name)
                paths = [given] if isinstance(given, str) else list(given or ())
                digest = hashlib.sha256()
                for path in paths:
                    files = _files(Path(path))
                    for relative, file in files:
                        content = file.read_bytes()
                        digest.update(f"{relative} {len(content)}\n".encode())
                        digest.update(content)
                    if path not in packed:
                        packed[path] = f"{len(packed)}/{Path(path).resolve().name}"
                        for relative, file in files:
                            member = "/".join(filter(None, [packed[path], relative]))
                            archive.add(str(file), member, recursive=False)
                digests[name] = digest.hexdigest()
                if isinstance(given, str):
                    changes[name] = packed[given]
                elif given is not None:
                    changes[name] = [packed[path] for path in paths]
    except OSError as error:
        raise ComparisonError(
            f"Cannot read '{error.filename}': {error.strerror}."
        ) from error
    return PackedPlan(dataclasses.replace(plan, **changes), buffer.getvalue(), digests)


def _files(path: Path) -> List[Tuple[str, Path]]:
    """Lists a file, or those of a folder, with their places in the folder."""
    if path.is_file():
        return [("", path.resolve())]
    found = []
    for file in sorted(path.rglob("*")):
        relative = file.relative_to(path)
        hidden = any(part.startswith(".") for part in relative.parts)
        if file.is_file() and file.suffix in _SUFFIXES and not hidden:
            found.append((relative.as_posix(), file.resolve()))
    return found
