from __future__ import annotations

import json

import pytest

from rasa_randconn.storage import (
    FORMAT_VERSION,
    ModelFileError,
    read_manifest,
    write_manifest,
)
from rasa_randconn.storage.manifest import FILE_NAME
from rasa_randconn.version import __version__

COMPONENT = "RandConnDIETClassifier"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "weights.safetensors").write_bytes(bytes(range(256)))
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "labels.json").write_text('{"greet": 0}', encoding="utf-8")
    write_manifest(tmp_path, COMPONENT, is_trained=True)
    return tmp_path


def edit_manifest(folder, **changes):
    path = folder / FILE_NAME
    content = {**json.loads(path.read_text(encoding="utf-8")), **changes}
    path.write_text(json.dumps(content), encoding="utf-8")


def test_an_untouched_folder_is_accepted(folder):
    write_manifest(folder, COMPONENT, is_trained=True)  # Writing again is no change.
    manifest = read_manifest(folder, COMPONENT)
    assert manifest.component == COMPONENT
    assert manifest.is_trained is True


def test_an_untrained_component_with_files_is_refused(folder):
    write_manifest(folder, COMPONENT, is_trained=False)
    with pytest.raises(ModelFileError, match="contradicts itself"):
        read_manifest(folder, COMPONENT)


def test_a_file_added_later_is_refused(folder):
    (folder / "extra").write_text("x", encoding="utf-8")
    with pytest.raises(ModelFileError, match="'extra' does not belong"):
        read_manifest(folder, COMPONENT)


def test_a_newer_layout_asks_for_an_upgrade(folder):
    path = folder / FILE_NAME
    content = json.loads(path.read_text(encoding="utf-8"))
    content["format_version"] = FORMAT_VERSION + 1
    content["archive"] = content.pop("files")
    path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(ModelFileError, match="upgrade"):
        read_manifest(folder, COMPONENT)


def test_an_untrained_component_needs_no_files(tmp_path):
    write_manifest(tmp_path, COMPONENT, is_trained=False)
    assert read_manifest(tmp_path, COMPONENT).is_trained is False


def test_the_manifest_names_versions_and_every_file(folder):
    content = json.loads((folder / FILE_NAME).read_text(encoding="utf-8"))
    assert content["package_version"] == __version__
    assert content["format_version"] == FORMAT_VERSION
    assert set(content["files"]) == {"weights.safetensors", "data/labels.json"}


def test_a_missing_manifest_names_file_and_component(folder):
    (folder / FILE_NAME).unlink()
    with pytest.raises(ModelFileError) as error:
        read_manifest(folder, COMPONENT)
    assert FILE_NAME in str(error.value)
    assert COMPONENT in str(error.value)


@pytest.mark.parametrize("length", [0, 1, 40, -1])
def test_a_truncated_manifest_is_refused(folder, length):
    path = folder / FILE_NAME
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(ModelFileError, match=f"damaged: '{FILE_NAME}' cannot be read"):
        read_manifest(folder, COMPONENT)


@pytest.mark.parametrize("content", [b"[]", b"null", b"{}", b"\xff\xfe", b'"text"'])
def test_a_manifest_with_other_content_is_refused(folder, content):
    (folder / FILE_NAME).write_bytes(content)
    with pytest.raises(ModelFileError, match=f"damaged: '{FILE_NAME}'"):
        read_manifest(folder, COMPONENT)


@pytest.mark.parametrize(
    "changes",
    [
        {"format": "other"},
        {"format_version": "1"},
        {"format_version": None},
        {"files": ["weights.safetensors"]},
    ],
    ids=str,
)
def test_a_manifest_of_another_kind_is_refused(folder, changes):
    edit_manifest(folder, **changes)
    with pytest.raises(ModelFileError, match="is damaged"):
        read_manifest(folder, COMPONENT)


@pytest.mark.parametrize("name", ["weights.safetensors", "data/labels.json"])
@pytest.mark.parametrize(
    "change",
    [
        lambda content: content[:-1],
        lambda content: content + b" ",
        lambda content: content[:3] + b"?" + content[4:],
        lambda content: b"",
    ],
    ids=["cut off", "longer", "a byte changed", "emptied"],
)
def test_a_changed_file_is_named(folder, name, change):
    path = folder / name
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(ModelFileError, match=f"'{name}' was changed or cut off"):
        read_manifest(folder, COMPONENT)


@pytest.mark.parametrize("name", ["weights.safetensors", "data/labels.json"])
def test_a_missing_file_is_named(folder, name):
    (folder / name).unlink()
    with pytest.raises(ModelFileError, match=f"'{name}' is missing"):
        read_manifest(folder, COMPONENT)


def test_a_newer_format_is_refused_with_both_versions(folder):
    edit_manifest(folder, format_version=FORMAT_VERSION + 1, package_version="98.7.6")
    with pytest.raises(ModelFileError) as error:
        read_manifest(folder, COMPONENT)
    assert f"98.7.6 in format {FORMAT_VERSION + 1}" in str(error.value)
    assert f"{__version__} reads format {FORMAT_VERSION}" in str(error.value)


@pytest.mark.parametrize("version", range(FORMAT_VERSION))
def test_an_older_format_is_refused_and_asks_for_training(folder, version):
    edit_manifest(folder, format_version=version, package_version="0.0.1")
    with pytest.raises(ModelFileError) as error:
        read_manifest(folder, COMPONENT)
    assert f"0.0.1 in format {version}" in str(error.value)
    assert __version__ in str(error.value)
    assert "train it again" in str(error.value)


def test_a_newer_package_with_the_same_format_is_accepted(folder):
    edit_manifest(folder, package_version="98.7.6")
    assert read_manifest(folder, COMPONENT).is_trained


def test_the_folder_of_another_component_is_refused(folder):
    with pytest.raises(ModelFileError) as error:
        read_manifest(folder, "RandConnTEDPolicy")
    assert COMPONENT in str(error.value)
    assert "RandConnTEDPolicy" in str(error.value)
