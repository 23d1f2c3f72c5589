"""The commands of the recipes for CI, in a real shell and a real clone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as Xml

import pytest
import yaml

from tests.support.git import Repository
from tests.support.project import Project, environment

from .conftest import RECIPES

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

NOWHERE = ("postgresql+psycopg://nobody@127.0.0.1:1/x", "clickhouse://nobody@127.0.0.1:1/x")
GITHUB: Any = yaml.safe_load((RECIPES / "github-check.yaml").read_text())
GITLAB: Any = yaml.safe_load((RECIPES / "gitlab-check.yaml").read_text())


class Runner:
    """A clone on a branch whose pair is older than what ``main`` has, and the shell of a job."""

    def __init__(self, place: Path) -> None:
        project = Project(place / "origin", *NOWHERE)
        project.write(".gitignore", "__pycache__/\n")
        project.add_pair("5", "there", "SELECT 1", "SELECT 1")
        origin = Repository(project.path)
        origin.branch("topic")
        project.add_pair("3", "late", "SELECT 1", "SELECT 1")
        origin.commit("late")
        origin.git("switch", "--quiet", "main")
        self.clone = place / "clone"
        origin.git("clone", "--quiet", "--branch", "topic", str(project.path), str(self.clone))
        self._programs = place / "bin"
        self._programs.mkdir()
        command = self._programs / "brokle-migrate"
        command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m brokle_migrate "$@"\n')
        command.chmod(0o755)

    def run(self, lines: Sequence[str], **variables: str) -> subprocess.CompletedProcess[str]:
        """Run the lines as a job does, which ends with the first that fails."""
        path = f"{self._programs}{os.pathsep}{os.environ['PATH']}"
        return subprocess.run(
            ["bash", "-eo", "pipefail", "-c", "\n".join(lines)],
            cwd=self.clone,
            env=environment({**variables, "PATH": path}),
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    return Runner(tmp_path)


def test_github(runner: Runner) -> None:
    steps = GITHUB["jobs"]["check"]["steps"]
    lines = [step["run"] for step in steps if step.get("run", "").startswith("brokle-migrate")]
    annotate, report = lines
    done = runner.run([annotate], BASE="main")
    assert done.returncode == 3, done.stderr
    assert done.stdout.startswith(
        "::error file=migrations_clickhouse/versions/3_late.up.sql,line=1,col=1,"
        "title=brokle-migrate MG007::"
    )
    assert runner.run([report]).returncode == 0
    name = next(
        step["with"]["sarif_file"] for step in steps if "sarif_file" in step.get("with", {})
    )
    assert json.loads((runner.clone / name).read_text())["version"] == "2.1.0"


def test_gitlab(runner: Runner) -> None:
    job = GITLAB["check migrations"]
    done = runner.run(job["script"], CI_MERGE_REQUEST_TARGET_BRANCH_NAME="main")
    assert done.returncode == 3, done.stderr
    assert "3_late.up.sql:1:1: error MG007" in done.stdout
    report = Xml.parse(runner.clone / job["artifacts"]["reports"]["junit"])
    (failed,) = report.findall(".//testcase[failure]")
    assert failed.get("file") == "migrations_clickhouse/versions/3_late.up.sql"
