from __future__ import annotations

import platform
import subprocess
import sys

import numba
import pytest
from rasa.version import __version__ as rasa_version

from rasa_randconn import cli
from rasa_randconn.version import __version__


def test_one_line_names_all_versions(capsys):
    with pytest.raises(SystemExit) as end:
        cli.main(["--version"])
    assert end.value.code == 0
    assert capsys.readouterr().out == (
        f"rasa_randconn {__version__} (Rasa {rasa_version}, "
        f"Python {platform.python_version()}, Numba {numba.__version__})\n"
    )


def test_nothing_large_is_imported():
    code = (
        "import sys\nfrom rasa_randconn import cli\n"
        "try: cli.main(['--version'])\nexcept SystemExit: pass\n"
        "print({'rasa', 'tensorflow', 'numba', 'rich'} & set(sys.modules))"
    )
    output = subprocess.run(
        [sys.executable, "-c", code], check=True, stdout=subprocess.PIPE, text=True
    ).stdout
    assert output.splitlines()[-1] == "set()"
