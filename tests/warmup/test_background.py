from __future__ import annotations

import pytest

from rasa_randconn.kernels.all_kernels import all_kernels
from rasa_randconn.kernels.kernel import Kernel
from rasa_randconn.warmup import background, compile_in_background
from rasa_randconn.warmup.warming_up import in_order_of_need


@pytest.fixture
def started(monkeypatch):
    """The commands of the processes that were started."""
    commands = []
    monkeypatch.setattr(background, "_processes", [])
    monkeypatch.setattr(
        background.subprocess, "Popen", lambda command, **_: commands.append(command)
    )
    return commands


def keep(monkeypatch, is_kept):
    monkeypatch.setattr(Kernel, "is_kept", property(is_kept))


def test_a_process_starts_once_if_any_kernel_is_missing(started, monkeypatch):
    keep(monkeypatch, lambda kernel: kernel.name != "attention.attention")
    for _ in range(2):
        compile_in_background()
    (command,) = started
    assert command[-2:] == ["-m", "rasa_randconn.warmup"]


def test_none_starts_if_all_kernels_are_kept(started, monkeypatch):
    keep(monkeypatch, lambda kernel: True)
    compile_in_background()
    assert started == []


def test_none_starts_if_nothing_could_be_kept(started, monkeypatch):
    keep(monkeypatch, lambda kernel: False)
    monkeypatch.setattr(background, "writable_folder", lambda: None)
    compile_in_background()
    assert started == []


def test_where_no_process_can_start_kernels_are_compiled_later(started, monkeypatch):
    def fail(*_, **__):
        raise OSError(11, "Resource temporarily unavailable")

    keep(monkeypatch, lambda kernel: False)
    monkeypatch.setattr(background.subprocess, "Popen", fail)
    compile_in_background()
    assert background._processes == []


def test_kernels_of_answers_come_first_and_attention_before_others():
    names = [kernel.name for kernel in in_order_of_need()]
    assert sorted(names) == [kernel.name for kernel in all_kernels()]
    assert names[0] == "attention.attention"
    first_backward = names.index("attention.attention_backward")
    assert first_backward > names.index("layout.put_tokens")
    assert first_backward < names.index("adam.update_all")
