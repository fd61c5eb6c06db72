from __future__ import annotations

import json
import os
import stat

import pytest

from rasa_randconn.files import (
    remove,
    restored_on_error,
    write_atomically,
    write_json,
)


def test_a_file_is_written_whole_or_not_at_all(tmp_path):
    path = tmp_path / "results.json"
    write_json([1], path)
    with pytest.raises(RuntimeError), write_atomically(path) as file:
        file.write("[1, ")
        raise RuntimeError
    assert json.loads(path.read_text()) == [1]
    assert [child.name for child in tmp_path.iterdir()] == ["results.json"]


def test_missing_folders_are_made(tmp_path):
    path = tmp_path / "a" / "b" / "file.txt"
    with write_atomically(path) as file:
        file.write("ünicode\r\n")
    assert path.read_bytes() == "ünicode\r\n".encode()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_modes_are_kept_and_new_files_have_those_of_the_umask(tmp_path):
    old, new = tmp_path / "old", tmp_path / "new"
    old.write_text("")
    old.chmod(0o640)
    before = os.umask(0o027)
    try:
        for path in (old, new):
            with write_atomically(path):
                pass
    finally:
        os.umask(before)
    assert stat.S_IMODE(old.stat().st_mode) == 0o640
    assert stat.S_IMODE(new.stat().st_mode) == 0o640


def test_of_a_link_the_file_behind_it_is_replaced(tmp_path):
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_text("before")
    link.symlink_to(target)
    with write_atomically(link) as file:
        file.write("after")
    assert link.is_symlink() and target.read_text() == "after"


def test_of_a_link_only_the_link_is_removed(tmp_path):
    folder, link = tmp_path / "folder", tmp_path / "link"
    (folder / "inner").mkdir(parents=True)
    link.symlink_to(folder)
    remove(link)
    assert folder.is_dir() and not link.exists()
    remove(folder)
    assert not folder.exists()


def test_a_folder_is_as_it_was_if_something_fails(tmp_path):
    (tmp_path / "kept").write_text("before")
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "file").write_text("before")
    with pytest.raises(OSError), restored_on_error(tmp_path):
        (tmp_path / "kept").write_text("after")
        (tmp_path / "inner" / "file").unlink()
        (tmp_path / "new").mkdir()
        raise OSError
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["file", "inner", "kept"]
    assert (tmp_path / "kept").read_text() == "before"
    with restored_on_error(tmp_path):
        (tmp_path / "kept").write_text("after")
    assert (tmp_path / "kept").read_text() == "after"
