"""The manifest that seals a trained component's folder.

It names every file with its checksum, so that whatever was cut off, edited, added by
another program or written by a newer version is found before anything is loaded.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from rasa_randconn.storage.errors import ModelFileError
from rasa_randconn.version import __version__

FILE_NAME = "rasa_randconn.json"
FORMAT = "rasa_randconn.component"

#: Rises whenever files are written that an older version of this package cannot read.
FORMAT_VERSION = 1


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
            path.relative_to(folder).as_posix(): _checksum(path)
            for path in sorted(folder.rglob("*"))
            if path.is_file() and path.name != FILE_NAME
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
    if not path.is_file():
        raise ModelFileError(
            f"The model has no file '{FILE_NAME}' for '{component}'. It was not "
            f"trained with '{component}', or it is incomplete. Please train it again."
        )
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        content_format, version = content["format"], content["format_version"]
        stored_component, files = content["component"], content["files"]
        is_trained = content["is_trained"]
        package_version = content["package_version"]
        checksums = {str(name): str(checksum) for name, checksum in files.items()}
        is_known = content_format == FORMAT and isinstance(version, int)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _damaged(component, f"'{FILE_NAME}' cannot be read") from error
    if not is_known:
        raise _damaged(component, f"'{FILE_NAME}' has the format '{content_format}'")
    if version > FORMAT_VERSION:
        raise ModelFileError(
            f"The model of '{component}' was written by rasa_randconn "
            f"{package_version} in format {version}; the installed version "
            f"{__version__} reads formats up to {FORMAT_VERSION}. Please upgrade "
            f"rasa_randconn or train the model again."
        )
    if stored_component != component:
        raise ModelFileError(
            f"The model was written by '{stored_component}' and cannot be loaded by "
            f"'{component}'. Please train it again."
        )
    for name, checksum in checksums.items():
        file = folder / name
        if not file.is_file():
            raise _damaged(component, f"the file '{name}' is missing")
        if _checksum(file) != checksum:
            raise _damaged(component, f"the file '{name}' was changed or cut off")
    return Manifest(component, bool(is_trained))


def _checksum(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _damaged(component: str, reason: str) -> ModelFileError:
    return ModelFileError(
        f"The model of '{component}' is damaged: {reason}. Please train it again or "
        f"restore the model file."
    )
