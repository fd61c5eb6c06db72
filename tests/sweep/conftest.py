"""A project in which sweeps only pretend."""

from __future__ import annotations

import contextlib
import io

import pytest
from distributed import Client, LocalCluster
from pretended import PretendedTask
from rich.console import Console

from rasa_randconn.comparison.plan import Plan
from rasa_randconn.sweep import running
from rasa_randconn.sweep.components import SweptComponent


class Project:
    """A folder with the files of a bot, in which sweeps only pretend."""

    def __init__(self, folder):
        self.folder = folder
        self.out = folder / "out"
        self.journal = folder / "journal"
        self.divided = self.packed = None
        for name in ("train.yml", "test.yml"):
            (folder / name).write_text(f"nlu:  # {name}\n- intent: a")
        (folder / "config.yml").write_text("pipeline:\n- name: A\n")

    def plan(self, **changes):
        base = Plan(
            configs=[str(self.folder / "config.yml")],
            out=self.out,
            seeds=changes.pop("seeds", [1, 2]),
            train_nlu=[str(self.folder / "train.yml")],
            test_nlu=changes.pop("test_nlu", [str(self.folder / "test.yml")]),
            **{
                key: changes.pop(key)
                for key in ("epochs", "overwrite", "split")
                if key in changes
            },
        )
        arguments = {
            "base": base,
            "densities": [0.2, 1.0],
            "sizes": [4, 8],
            "patterns": ["grouped"],
            **changes,
        }
        return running.SweepPlan(**arguments)

    def sweep(self, failing="", hanging="", **changes):
        output = io.StringIO()
        code = running.sweep(
            self.plan(**changes),
            Console(file=output, width=200),
            lambda packed, threads: self.task(packed, failing, hanging),
            check=lambda plan: self.check(plan),
        )
        return code, output.getvalue()

    def check(self, plan):
        """Takes the place of the check with Rasa."""
        return self.divided

    def task(self, packed, failing, hanging):
        self.packed = packed
        return PretendedTask(str(self.journal), failing, hanging)

    def trained(self):
        """Names of the cells in the order in which they were begun."""
        if not self.journal.exists():
            return []
        return [line.split()[0] for line in self.journal.read_text().splitlines()]

    def finished(self):
        return sorted(path.stem for path in (self.out / "cells").glob("*.json"))


@pytest.fixture
def project(tmp_path, monkeypatch):
    components = [SweptComponent("RandConnDIETClassifier", 4, True)]
    monkeypatch.setattr(running, "read_components", lambda *_: components)
    return Project(tmp_path)


@pytest.fixture
def in_this_process(monkeypatch):
    """Workers that are threads, which are there at once."""

    @contextlib.contextmanager
    def cluster(plan):
        with LocalCluster(
            n_workers=1,
            threads_per_worker=1,
            processes=False,
            dashboard_address="localhost:0",
        ) as cluster, Client(cluster) as client:
            yield client

    monkeypatch.setattr(running, "_cluster", cluster)
