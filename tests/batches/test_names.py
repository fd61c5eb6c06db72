"""Our copies of Rasa's names."""

import pytest
import rasa.core.constants
import rasa.core.policies.ted_policy
import rasa.shared.constants
import rasa.shared.nlu.constants
import rasa.utils.tensorflow.constants

from rasa_randconn.batches import names

MODULES = (
    rasa.shared.nlu.constants,
    rasa.utils.tensorflow.constants,
    rasa.core.constants,
    rasa.core.policies.ted_policy,
    rasa.shared.constants,
)


@pytest.mark.parametrize("name", [name for name in vars(names) if name.isupper()])
def test_a_name_is_rasas(name):
    found = [vars(module)[name] for module in MODULES if name in vars(module)]
    assert found, f"Rasa has no constant {name} any more"
    assert all(value == getattr(names, name) for value in found)
