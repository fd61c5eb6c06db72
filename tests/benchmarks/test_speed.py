from __future__ import annotations

import json
import time

from benchmarks.speed import report
from benchmarks.speed.stopwatch import medians


def test_functions_are_called_in_turn_and_their_medians_told():
    calls = []

    def quick():
        calls.append("quick")

    def slow():
        calls.append("slow")
        time.sleep(0.01)

    found = medians({"quick": quick, "slow": slow}, repeats=3)
    assert calls[4:] == ["quick", "quick", "slow", "slow"] * 3
    assert found["quick"] < 10 <= found["slow"]


def test_the_report_holds_every_time_and_a_plot_where_there_are_densities(tmp_path):
    layers = [
        {"inputs": 8, "units": 4, "density": density, "Keras": 2.5, "ours": 1.25}
        for density in (1.0, 0.05)
    ]
    steps = [{"model": "DIET", "stock": 200.0, "ours": 50.0}]
    report.write({"Layers": layers, "Steps": steps}, 5, tmp_path)
    files = {path.name for path in tmp_path.iterdir()}
    assert files == {"speed.json", "speed.md", "speed-1.png"}
    written = json.loads((tmp_path / "speed.json").read_text())
    assert written["milliseconds"] == {"Layers": layers, "Steps": steps}
    text = (tmp_path / "speed.md").read_text()
    assert "| 8 | 4 | 0.05 | 2.5 | 1.25 |" in text and "| DIET | 200 | 50 |" in text
