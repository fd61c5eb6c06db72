"""What a user does with an installed package: train, test and inspect a bot."""

import json
import re
import shutil
import time
from pathlib import Path
from typing import Union

from scripts.package_check.environment import Environment, JourneyError
from scripts.package_check.installation import say

# Enough to learn something: chance is 0.07 with 15 intents.
EPOCHS = 5
LOWEST_F1 = 0.3


class BotJourney:
    """Trains, tests and inspects the example bot in a folder of its own."""

    def __init__(self, environment: Environment, folder: Path) -> None:
        """Initialises the journey.

        Args:
            environment: The environment with Rasa and the package.
            folder: Where the copy of the bot goes.
        """
        self._environment = environment
        self._folder = folder

    def run(self, bot: Path) -> None:
        """Goes from data to a tested model.

        Args:
            bot: The folder of the bot, which is copied.

        Raises:
            CommandError: If a command failed.
            JourneyError: If the model answers no better than chance, or if `inspect`
                does not know its components.
        """
        ignored = shutil.ignore_patterns("models", "results", ".rasa")
        shutil.copytree(str(bot), str(self._folder), ignore=ignored)
        config = self._folder / "config.yml"
        text = config.read_text("utf-8")
        config.write_text(with_epochs(text, EPOCHS), "utf-8")

        self._command("rasa", "train", "--skip-validation")
        # `rasa test` alone reads every JSON file of the folder, and fails at some
        files = ["--stories", "tests/test_stories.yml", "--nlu", "tests/test_nlu.yml"]
        self._command("rasa", "test", *files)
        for report in ("intent_report.json", "story_report.json"):
            self._check_score(self._folder / "results" / report)
        (model,) = (self._folder / "models").glob("*.tar.gz")
        layers = self._command("rasa-randconn", "inspect", model)
        for component in ("RandConnDIETClassifier", "RandConnTEDPolicy"):
            if component not in layers:
                raise JourneyError(f"`inspect` does not show {component}")

    def _command(self, command: str, *arguments: Union[str, Path]) -> str:
        start = time.monotonic()
        printed = self._environment.run(command, *arguments, folder=self._folder)
        seconds = time.monotonic() - start
        say(f"{command} {arguments[0]}: {seconds:.0f} s")
        return printed

    def _check_score(self, report: Path) -> None:
        score = json.loads(report.read_text("utf-8"))["weighted avg"]["f1-score"]
        say(f"  {report.name}: F1 {score:.3f}")
        if score < LOWEST_F1:
            raise JourneyError(f"{report.name} has an F1 of {score:.3f}")


def with_epochs(config: str, epochs: int) -> str:
    """Sets the epochs of all components.

    Args:
        config: The text of a configuration.
        epochs: How many each of them gets.

    Returns:
        The text with these epochs.

    Raises:
        JourneyError: If no component has any.
    """
    changed, count = re.subn(r"(?m)^( +epochs:) \d+$", rf"\1 {epochs}", config)
    if not count:
        raise JourneyError("no component of the configuration has epochs")
    return changed
