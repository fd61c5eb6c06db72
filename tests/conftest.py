"""Settings that must be made before TensorFlow or Rasa are imported, and models.

Modules are imported inside of fixtures, so that tests without models start at once.
"""

import os
import tempfile
from hashlib import sha256
from pathlib import Path

import pytest

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["SQLALCHEMY_SILENCE_UBER_WARNING"] = "1"
# Rasa neither reports usage nor errors, so nothing here needs a network.
os.environ["RASA_TELEMETRY_ENABLED"] = "false"
# Keep out of the user's and the project's own training cache.
_cache = tempfile.TemporaryDirectory(prefix="rasa_randconn_tests_")
os.environ["RASA_CACHE_DIRECTORY"] = _cache.name

# Numba does not notice that a function which a kernel calls has changed in its file.
_root = Path(__file__).parent.parent
_kernels = sorted((_root / "rasa_randconn" / "kernels").glob("*.py"))
_hash = sha256(b"".join(path.read_bytes() for path in _kernels)).hexdigest()[:16]
os.environ["NUMBA_CACHE_DIR"] = str(_root / ".cache" / "kernels" / _hash)

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
def train_once(featurizers, talk, tmp_path_factory):
    """Trains a component of ours with a pattern when it is first asked for."""
    from data_factory import Trained, train_diet, train_ted

    from rasa_randconn import RandConnDIETClassifier, RandConnTEDPolicy

    done = {}

    def train(kind, pattern):
        if (kind, pattern) not in done:
            storage = tmp_path_factory.mktemp(f"{kind}_{pattern}")
            options = {"connection_pattern": pattern, "epochs": 2}
            component = (
                train_diet(
                    RandConnDIETClassifier, options, storage, featurizers.training_data
                )
                if kind == "diet"
                else train_ted(RandConnTEDPolicy, options, storage, talk)
            )
            done[kind, pattern] = Trained(component, options, storage)
        return done[kind, pattern]

    return train


@pytest.fixture(scope="session")
def load_once(train_once):
    """Loads what was trained, when it is first asked for."""
    from data_factory import load_diet, load_ted

    done = {}

    def load(kind, pattern):
        if (kind, pattern) not in done:
            trained = train_once(kind, pattern)
            load_component = load_diet if kind == "diet" else load_ted
            done[kind, pattern] = load_component(
                type(trained.component), trained.options, trained.storage
            )
        return done[kind, pattern]

    return load


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


@pytest.fixture(params=["diet", "ted"])
def kind(request):
    return request.param


@pytest.fixture
def our_model(train_once, kind, pattern):
    """Our classifier and our policy in turn."""
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
