"""Chooses the files to train and test on, so that no part slips in unasked.

Only the workers use this module: it imports Rasa when called.
"""

from __future__ import annotations

from pathlib import Path
from typing import List, Sequence

from rasa_randconn.yaml_files import yaml_parser

_NLU_KEYS = ("version", "nlu", "responses")
_STORY_KEYS = ("version", "stories", "rules")


def select(nlu: Sequence[str], stories: Sequence[str], scratch: Path) -> List[Path]:
    """Finds the NLU files in some paths and the files of stories and rules in others.

    Rasa reads everything that it finds in a file or folder. Here a folder given for
    its stories gives only stories, also where a file holds examples as well: training
    on examples that are meant for the test would spoil a comparison.

    Args:
        nlu: Files or folders to take NLU examples and response texts from.
        stories: Files or folders to take stories and rules from.
        scratch: A folder for copies of files of which only a part was asked for.

    Returns:
        The files in a fixed order.

    Raises:
        ValueError: If there are no such data in the paths.
    """
    from rasa.shared.core.training_data.story_reader.yaml_story_reader import (
        YAMLStoryReader,
    )
    from rasa.shared.data import get_data_files, is_nlu_file

    nlu_files = get_data_files(list(nlu), is_nlu_file)
    story_files = get_data_files(list(stories), YAMLStoryReader.is_stories_file)
    if nlu and not nlu_files:
        raise ValueError(f"There are no NLU data in {', '.join(nlu)}.")
    if stories and not story_files:
        raise ValueError(f"There are no stories or rules in {', '.join(stories)}.")

    chosen: List[Path] = []
    for file in sorted({*nlu_files, *story_files}):
        if file not in story_files and YAMLStoryReader.is_stories_file(file):
            chosen.append(_part(Path(file), _NLU_KEYS, scratch / str(len(chosen))))
        elif file not in nlu_files and is_nlu_file(file):
            chosen.append(_part(Path(file), _STORY_KEYS, scratch / str(len(chosen))))
        else:
            chosen.append(Path(file))
    return chosen


def check_examples(files: Sequence[Path], paths: str) -> None:
    """Checks that there are examples with an intent to test on.

    Args:
        files: Files of NLU data.
        paths: Where they were found, for the message.

    Raises:
        ValueError: If there are none.
    """
    from rasa.shared.nlu.training_data.loading import load_data

    if not any(load_data(str(file)).intent_examples for file in files):
        raise ValueError(f"There are no examples in {paths}.")


def check_stories(files: Sequence[Path], paths: str) -> None:
    """Checks that there are stories to test on.

    Args:
        files: Files of stories.
        paths: Where they were found, for the message.

    Raises:
        ValueError: If there are none.
    """
    from rasa.shared.core.training_data.story_reader.yaml_story_reader import (
        YAMLStoryReader,
    )

    if not any(YAMLStoryReader().read_from_file(str(file)) for file in files):
        raise ValueError(f"There are no stories in {paths}.")


def _part(file: Path, keys: Sequence[str], folder: Path) -> Path:
    yaml = yaml_parser()
    content = yaml.load(file.read_text(encoding="utf-8"))
    for key in [key for key in content if key not in keys]:
        del content[key]
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / file.name, "w", encoding="utf-8") as part:
        yaml.dump(content, part)
    return folder / file.name
