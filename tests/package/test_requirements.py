"""The ranges in setup.cfg: bounded, and never narrower than Rasa's."""

from __future__ import annotations

from configparser import ConfigParser
from importlib import metadata
from pathlib import Path
from typing import Dict

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[2]
SETUP = ConfigParser()
SETUP.read(str(ROOT / "setup.cfg"), encoding="utf-8")


def _requirements(text: str) -> Dict[str, Requirement]:
    """The requirements of a text, one in each line, by their names."""
    lines = (line.strip() for line in text.splitlines())
    read = [Requirement(line) for line in lines if line and not line.startswith("#")]
    return {canonicalize_name(requirement.name): requirement for requirement in read}


OURS = _requirements(SETUP["options"]["install_requires"])
SWEEP = _requirements(SETUP["options.extras_require"]["sweep"])


def _ranges_of_rasa() -> Dict[str, SpecifierSet]:
    """What Rasa itself allows on this Python, without its extras."""
    ranges = {}
    for line in metadata.requires("rasa") or []:
        requirement = Requirement(line)
        marker = requirement.marker
        if marker is None or marker.evaluate({"extra": ""}):
            ranges[canonicalize_name(requirement.name)] = requirement.specifier
    return ranges


RASA = _ranges_of_rasa()
both = pytest.mark.parametrize("name", sorted(set(OURS) & set(RASA)))


def _bound(specifiers: SpecifierSet, operator: str) -> Version:
    (bound,) = [s.version for s in specifiers if s.operator == operator]
    return Version(bound)


def test_several_packages_are_shared_with_rasa():
    assert {"matplotlib", "numpy", "ruamel-yaml", "safetensors", "scipy"} <= set(
        OURS
    ) & set(RASA)


@pytest.mark.parametrize("name", sorted({**OURS, **SWEEP}))
def test_every_range_has_both_ends(name):
    specifiers = {**OURS, **SWEEP}[name].specifier
    assert sorted(s.operator for s in specifiers) == ["<", ">="]


@both
def test_the_range_holds_all_that_rasa_allows(name):
    ours, rasas = OURS[name].specifier, RASA[name]
    assert _bound(ours, ">=") <= _bound(rasas, ">=")
    assert _bound(rasas, "<") <= _bound(ours, "<")


@pytest.mark.parametrize("name", sorted({**OURS, **SWEEP}))
@pytest.mark.parametrize("python", ["", "-3.9", "-3.8"])
def test_the_tested_versions_are_in_the_range(name, python):
    path = ROOT / f"constraints{python}.txt"
    pinned = dict(
        line.split("==")
        for line in path.read_text("utf-8").splitlines()
        if "==" in line
    )
    assert {**OURS, **SWEEP}[name].specifier.contains(pinned[name])


def test_distributed_is_the_one_that_needs_the_dask_of_rasa():
    (dask,) = RASA["dask"]
    assert dask.operator == "=="
    assert SWEEP["distributed"].specifier.contains(dask.version)
