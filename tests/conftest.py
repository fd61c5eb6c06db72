"""Settings that must be made before TensorFlow or Rasa are imported, and models.

Modules are imported inside of fixtures, so that tests without models start at once.
"""

import os
import tempfile
from pathlib import Path

import pytest

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["SQLALCHEMY_SILENCE_UBER_WARNING"] = "1"
# Rasa neither reports usage nor errors, so nothing here needs a network.
os.environ["RASA_TELEMETRY_ENABLED"] = "false"
# Keep out of the user's and the project's own training cache.
_cache = tempfile.TemporaryDirectory(prefix="rasa_randconn_tests_")
os.environ["RASA_CACHE_DIRECTORY"] = _cache.name

os.environ["NUMBA_CACHE_DIR"] = str(Path(__file__).parents[1] / ".cache" / "kernels")

PATTERNS = ("grouped", "unstructured")


@pytest.fixture(scope="session")
def featurizers(tmp_path_factory):
    from data_factory import Featurizers, nlu_data

    return Featurizers(nlu_data(), tmp_path_factory.mktemp("featurizers"))


@pytest.fixture(scope="session")
def talk(featurizers):
    """Dialogues that are end to end, on the user's and on the bot's side."""
    from data_factory import END_TO_END_STORIES, dialogues

    return dialogues(END_TO_END_STORIES, featurizers)


@pytest.fixture(scope="session")
def retrieval(tmp_path_factory):
    """Questions with responses, for selectors."""
    from data_factory import retrieval_featurizers

    return retrieval_featurizers(tmp_path_factory.mktemp("retrieval"))


@pytest.fixture(scope="session")
def intent_talk(featurizers):
    """Dialogues of intents."""
    from data_factory import STORIES, dialogues

    return dialogues(STORIES, featurizers)


@pytest.fixture(scope="session")
def train_once(featurizers, talk, retrieval, intent_talk, tmp_path_factory):
    """Trains a component of ours with a pattern when it is first asked for."""
    from data_factory import Trained, tiny_options, train

    import rasa_randconn as ours

    kinds = {
        "diet": (ours.RandConnDIETClassifier, featurizers),
        "ted": (ours.RandConnTEDPolicy, talk),
        "selector": (ours.RandConnResponseSelector, retrieval),
        "unlikely intents": (ours.RandConnUnexpecTEDIntentPolicy, intent_talk),
    }
    done = {}

    def train_kind(kind, pattern):
        if (kind, pattern) not in done:
            storage = tmp_path_factory.mktemp(f"{kind}_{pattern}")
            options = {
                "connection_pattern": pattern,
                "connection_density": 0.2,
                "epochs": 2,
            }
            component, data = kinds[kind]
            complete = {**tiny_options(component), **options}
            trained = train(component, complete, storage, data)
            done[kind, pattern] = Trained(trained, options, storage)
        return done[kind, pattern]

    return train_kind


@pytest.fixture(scope="session")
def load_once(train_once):
    """Loads what was trained, when it is first asked for."""
    from data_factory import load, tiny_options

    done = {}

    def load_kind(kind, pattern):
        if (kind, pattern) not in done:
            trained = train_once(kind, pattern)
            component = type(trained.component)
            options = {**tiny_options(component), **trained.options}
            done[kind, pattern] = load(component, options, trained.storage)
        return done[kind, pattern]

    return load_kind


@pytest.fixture(params=PATTERNS)
def pattern(request):
    """Each pattern of connections in turn; a test module may choose one."""
    return request.param


@pytest.fixture
def our_diet(train_once, pattern):
    return train_once("diet", pattern)


@pytest.fixture
def our_ted(train_once, pattern):
    return train_once("ted", pattern)


@pytest.fixture
def our_loaded_diet(load_once, pattern):
    return load_once("diet", pattern)


@pytest.fixture
def our_loaded_ted(load_once, pattern):
    return load_once("ted", pattern)


@pytest.fixture(params=["diet", "ted", "selector", "unlikely intents"])
def kind(request):
    return request.param


@pytest.fixture
def our_model(train_once, kind, pattern):
    """Each of our components in turn."""
    return train_once(kind, pattern)


@pytest.fixture
def our_loaded_model(load_once, kind, pattern):
    """The same after loading it from its files."""
    return load_once(kind, pattern)


@pytest.fixture(scope="session")
def stock_diet(featurizers, tmp_path_factory):
    from data_factory import Trained, eagerly, train_diet
    from rasa.nlu.classifiers.diet_classifier import DIETClassifier

    storage = tmp_path_factory.mktemp("stock_diet")
    with eagerly():
        diet = train_diet(DIETClassifier, {}, storage, featurizers.training_data)
        diet.process(featurizers.messages("hello"))
    return Trained(diet, {}, storage)
