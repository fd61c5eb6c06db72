"""Checks the built package as a user would install it, without the checkout.

`python -m scripts.check_wheel [PYTEST ARGUMENTS]` builds the source archive and, from
it, the wheel. In a fresh environment with Rasa as its own resolver leaves it, it

1. installs the wheel and stops if that changed the version of any other package;
2. trains, tests and inspects the example bot from a folder of its own;
3. runs the tests that depend most on other packages, with the newest versions of them
   that the metadata allow;
4. installs the source archive with the extra `sweep` into a second environment, with
   the same condition, and asks for its version.

Everything goes to `build/wheel`.
"""

import shutil
import sys
from pathlib import Path
from typing import List

from scripts.package_check.archives import build_archives
from scripts.package_check.bot_journey import BotJourney
from scripts.package_check.environment import (
    CommandError,
    Environment,
    JourneyError,
    find_uv,
)
from scripts.package_check.installation import RASA, install_beside_rasa, say
from scripts.package_check.newest_dependencies import run_tests

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "build" / "wheel"


def main(pytest_arguments: List[str]) -> None:
    """Runs the whole check.

    Args:
        pytest_arguments: Which tests run on the newest dependencies; a selection that
            suits most if there are none.

    Raises:
        CommandError: If a command of the journey failed.
        JourneyError: If something did not hold.
    """
    if FOLDER.exists():
        shutil.rmtree(str(FOLDER))
    FOLDER.mkdir(parents=True)
    uv = find_uv(ROOT)
    archives = build_archives(uv, ROOT, FOLDER / "dist")

    environment = Environment(uv, FOLDER / "venv")
    environment.install(RASA)
    install_beside_rasa(environment, archives.wheel)
    BotJourney(environment, FOLDER / "bot").run(ROOT / "example_bot")
    run_tests(environment, ROOT, FOLDER / "suite", pytest_arguments)

    environment = Environment(uv, FOLDER / "venv-source")
    environment.install(RASA)
    install_beside_rasa(environment, archives.source, extra="sweep")
    environment.run("python", "-c", "import rasa_randconn.sweep.running", folder=FOLDER)
    say("everything held")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except (CommandError, JourneyError) as error:
        sys.exit(f"wheel: {error}")
