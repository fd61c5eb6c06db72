"""What is wrong with a command is said before slow imports."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

OURS = "rasa_randconn.RandConnDIETClassifier"
LARGE = ["rasa", "tensorflow", "numba", "scipy", "matplotlib", "jinja2", "dask"]
LARGE += ["distributed", "pandas", "pyarrow"]

SCRIPT = """
import json, sys
from rasa_randconn import cli
code = cli.main(json.loads(sys.argv[1]))
large = [name for name in json.loads(sys.argv[2]) if name in sys.modules]
print(json.dumps([code, large]))
"""


@pytest.mark.parametrize(
    "command, arguments, fault",
    [
        ("compare", ["--test-nlu", "nlu.yml", "--config", "a.yml"], "is given twice"),
        ("compare", ["--test-nlu", "nlu.yml", "--config", "b.yml"], "no option 'avera"),
        ("compare", ["--test-nlu", "domain.yml"], "no examples in domain.yml"),
        ("compare", ["--split", "0.8", "--out", ""], "--out must name a folder"),
        ("sweep", ["--split", "0.8", "--sizes", "30"], "30 is not a multiple of the 4"),
        ("sweep", ["--split", "8", "--sizes", "32"], "must be between 0 and 1, such"),
        ("sweep", ["--split", "0.8", "--sizes", "32", "--densities", "2"], "Densities"),
    ],
)
def test_a_fault_is_told_in_a_line_without_large_imports(
    command, arguments, fault, tmp_path
):
    (tmp_path / "nlu.yml").write_text("nlu:\n- intent: a\n")
    (tmp_path / "domain.yml").write_text("responses:\n  utter_a: []\n")
    (tmp_path / "a.yml").write_text(f"pipeline:\n- name: {OURS}\n")
    (tmp_path / "b.yml").write_text(
        f"pipeline:\n- {{name: {OURS}, averagd_epochs: 1}}\n"
    )
    line = [command, "--config", "a.yml", "--train-nlu", "nlu.yml", "--out", "out"]
    line += ["--densities", "0.2"] if command == "sweep" else []

    process = subprocess.run(
        [sys.executable, "-c", SCRIPT, json.dumps(line + arguments), json.dumps(LARGE)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )

    assert json.loads(process.stdout) == [2, []]
    assert fault in process.stderr
    assert process.stderr.startswith(f"rasa-randconn {command}: ")
    assert process.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()
