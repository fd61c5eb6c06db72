from __future__ import annotations

import pytest

from rasa_randconn.comparison import machine


@pytest.mark.parametrize(
    "cpuinfo, features",
    [
        ("model name\t: A\nflags\t\t: fpu avx2 sse4_2\n", ["sse4_2", "avx2"]),
        ("processor\t: 0\nFeatures\t: fp asimd sve\n", ["asimd", "sve"]),
        ("model name\t: A\nflags\t\t: fpu\n", []),
        (None, None),
    ],
)
def test_vector_features_are_those_that_linux_names(
    cpuinfo, features, tmp_path, monkeypatch
):
    path = tmp_path / "cpuinfo"
    if cpuinfo is not None:
        path.write_text(cpuinfo)
    monkeypatch.setattr(machine, "_CPUINFO", path)
    described = machine.describe()
    assert described["cpu_features"] == features
    if cpuinfo and cpuinfo.startswith("model name"):
        assert described["cpu"] == "A"
