"""The manifest of a trained component's files.

It names every file with its checksum, so that whatever was cut off, edited, added by
another program or written by a newer version is found before anything is loaded.
"""

from __future__ import annotations

import hashlib
import json
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict

from rasa_randconn.storage.errors import ModelFileError
from rasa_randconn.storage.format import FORMAT_VERSION
from rasa_randconn.version import __version__

FILE_NAME = "rasa_randconn.json"
FORMAT = "rasa_randconn.component"

# Bytes that are read at once.
_BLOCK = 2**20


@dataclass(frozen=True)
class Manifest:
    """What a component's folder says about itself.

    Attributes:
        component: Name of the component's class.
        is_trained: Whether there is a model; there is none if training was skipped for
            want of data.
    """

    component: str
    is_trained: bool


def write_manifest(folder: Path, component: str, is_trained: bool) -> None:
    """Seals a folder: writes the manifest for all files that are in it.

    Args:
        folder: The component's folder.
        component: Name of the component's class.
        is_trained: Whether the folder holds a trained model.
    """
    content = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "package_version": __version__,
        "component": component,
        "is_trained": is_trained,
        "files": {
            name: _checksum(path) for name, path in _files(folder, component).items()
        },
    }
    (folder / FILE_NAME).write_text(json.dumps(content, indent=1), encoding="utf-8")


def read_manifest(folder: Path, component: str) -> Manifest:
    """Checks a folder against its manifest.

    Args:
        folder: The component's folder.
        component: Name of the class that wants to load it.

    Returns:
        The manifest, if everything is as it was written.

    Raises:
        ModelFileError: If the folder was not written by this component, by a newer
            version of this package, or has changed since.
    """
    path = folder / FILE_NAME
    files_found = _files(folder, component)
    if not path.is_file():
        raise ModelFileError(
            f"The model has no file '{FILE_NAME}' for '{component}'. It was not "
            f"trained with '{component}', or it is incomplete. Please train it again."
        )
    content = _read_json(path, component)
    version = content.get("format_version")
    if content.get("format") != FORMAT or not isinstance(version, int):
        raise _damaged(
            component,
            f"'{FILE_NAME}' has the format {content.get('format')!r} in version "
            f"{version!r}, not '{FORMAT}'",
        )
    if version > FORMAT_VERSION:
        raise ModelFileError(
            f"The model of '{component}' was written by rasa_randconn "
            f"{content.get('package_version')} in format {version}; the installed "
            f"version {__version__} reads format {FORMAT_VERSION}. Please "
            f"upgrade rasa_randconn or train the model again."
        )
    if version < FORMAT_VERSION:
        raise ModelFileError(
            f"The model of '{component}' was written by rasa_randconn "
            f"{content.get('package_version')} in format {version}, which the "
            f"installed version {__version__} does not read any more. Please train it "
            f"again."
        )
    if content.get("component") != component:
        raise ModelFileError(
            f"The model was written by '{content.get('component')}' and cannot be "
            f"loaded by '{component}'. Please train it again."
        )
    files, is_trained = content.get("files"), content.get("is_trained")
    if not isinstance(files, dict) or not isinstance(is_trained, bool):
        raise _damaged(component, f"'{FILE_NAME}' is incomplete")
    if files and not is_trained:
        raise _damaged(component, f"'{FILE_NAME}' contradicts itself")
    _check_files(files_found, files, component)
    return Manifest(component, is_trained)


def _read_json(path: Path, component: str) -> Dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise _damaged(component, f"'{FILE_NAME}' cannot be read") from error
    if not isinstance(content, dict):
        raise _damaged(component, f"'{FILE_NAME}' cannot be read")
    return content


def _check_files(
    found: Dict[str, Path], checksums: Dict[str, str], component: str
) -> None:
    for name, checksum in checksums.items():
        if name not in found:
            raise _damaged(component, f"the file '{name}' is missing")
        if _checksum(found[name]) != checksum:
            raise _damaged(component, f"the file '{name}' was changed or cut off")
    unknown = sorted(set(found) - set(checksums))
    if unknown:
        raise _damaged(component, f"the file '{unknown[0]}' does not belong to it")


def _files(folder: Path, component: str) -> Dict[str, Path]:
    """All files of a folder but the manifest.

    Raises:
        ModelFileError: If there is a link or a special file, which could take forever
            to read, or lead elsewhere.
    """
    files = {}
    for path in sorted(folder.rglob("*")):
        name, mode = path.relative_to(folder).as_posix(), path.lstat().st_mode
        if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
            raise _damaged(component, f"'{name}' is no regular file")
        if stat.S_ISREG(mode) and name != FILE_NAME:
            files[name] = path
    return files


def _checksum(path: Path) -> str:
    checksum = hashlib.sha256()
    with path.open("rb") as file:
        for block in iter(lambda: file.read(_BLOCK), b""):
            checksum.update(block)
    return checksum.hexdigest()


def _damaged(component: str, reason: str) -> ModelFileError:
    return ModelFileError(
        f"The model of '{component}' is damaged: {reason}. Please train it again or "
        f"restore the model file."
    )
