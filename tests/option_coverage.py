"""Which test covers which option of stock's components.

Coverage is read off the cases themselves (`option_cases.py`), and off the mark
`covers(components, option)` of single tests. `python tests/option_coverage.py` writes
the page about it, which a test compares with what this makes.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Dict, List

from components import test_options_beside_stock
from option_cases import COMPONENTS, Component

PAGE = Path(__file__).parents[1] / "docs" / "option-tests.md"

_INTRODUCTION = """\
# Options of stock and their tests

Every option of the four components of Rasa, and what covers it in
`{file}`:
either a test of that name, or, in plain letters, a case of
`{test}[COMPONENT: CASE]`.

In a case, our component and stock's are trained with the same options, from the same
weights and on the same batches. Chance is taken out of both: negative examples and
masked tokens are fixed, and dropout scales by what is kept on average, or drops all.
Losses and accuracies of all epochs, the curves for TensorBoard, and the answers of the
loaded components must be equal. Then ours is trained without each of the options in
turn, and must report something else. Options with an asterisk change nothing in that
case, neither in ours nor in stock.

This page is written by `.venv/bin/python tests/option_coverage.py`. A test fails if it
is out of date, or if an option has no test.
"""


def covering_tests(component: Component) -> Dict[str, List[str]]:
    """Names of cases, and paths of other tests, by the option that they cover."""
    tests = defaultdict(list)
    for name, case in component.cases.items():
        for option in case.options:
            tests[option].append(name)
        for option in case.without_effect:
            tests[option].append(f"{name}\\*")
    for name, test in vars(test_options_beside_stock).items():
        for mark in getattr(test, "pytestmark", ()):
            if mark.name == "covers" and component.stock.__name__ in mark.args[0]:
                tests[mark.args[1]].append(f"`{name}`")
    return dict(tests)


def page() -> str:
    """The page that shows for every option its tests."""
    test = test_options_beside_stock.test_with_options_ours_is_as_stock
    file = Path(test_options_beside_stock.__file__).relative_to(PAGE.parents[1])
    parts = [_INTRODUCTION.format(file=file.as_posix(), test=test.__name__)]
    for component in COMPONENTS:
        tests = covering_tests(component)
        rows = [
            f"| `{option}` | {', '.join(tests.get(option, []))} |"
            for option in sorted(component.stock.get_default_config())
        ]
        title = f"## {component.stock.__name__}\n\n| option | tests |\n|---|---|\n"
        parts.append(title + "\n".join(rows) + "\n")
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
