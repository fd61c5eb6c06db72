"""No option of stock's components is without a test beside stock."""

from __future__ import annotations

import option_coverage
import pytest
from option_cases import COMPONENTS


@pytest.fixture(params=COMPONENTS, ids=lambda component: component.stock.__name__)
def component(request):
    return request.param


def test_every_option_of_stock_is_covered(component):
    tests = option_coverage.covering_tests(component)
    assert set(tests) == set(component.stock.get_default_config())


def test_cases_set_options_to_other_values_than_the_default(component):
    defaults = component.stock.get_default_config()
    for name, case in component.cases.items():
        for option, value in {**case.options, **case.without_effect}.items():
            assert value != defaults[option], f"{name}: {option}"


def test_the_page_shows_what_is_covered():
    written = option_coverage.PAGE.read_text(encoding="utf-8")
    assert written == option_coverage.page(), "run `python tests/option_coverage.py`"
