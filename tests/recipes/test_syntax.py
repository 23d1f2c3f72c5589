"""The recipes that can't run here are read by the tools of those who will run them."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import click
import kubernetes_validate
import pytest
import yaml

from brokle_migrate.cli.commands import group
from tests.support.daemon import REQUIRED

from .conftest import RECIPES

SCRIPTS = Path(sys.executable).parent
MANIFESTS = sorted((RECIPES / "kubernetes").glob("*.yaml"))
UNITS = sorted(RECIPES.glob("*.service"))
FILES = sorted(path for path in RECIPES.rglob("*") if path.is_file())
COMMAND = re.compile(r"brokle-migrate,? +(?P<words>[a-z-]+[^\]\n#`&]*)")


def _run(*command: str | Path) -> None:
    """Run a tool that says nothing where all is well."""
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (0, ""), result.stdout + result.stderr


@pytest.mark.parametrize(
    ("name", "schema"),
    [
        ("compose.yaml", "vendor.compose-spec"),
        ("github-workflow.yaml", "vendor.github-workflows"),
        ("gitlab-ci.yaml", "vendor.gitlab-ci"),
    ],
)
def test_a_schema(name: str, schema: str) -> None:
    transform = ["--data-transform", "gitlab-ci"] if name.startswith("gitlab") else []
    _run(SCRIPTS / "check-jsonschema", "--builtin-schema", schema, *transform, RECIPES / name)


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: path.name)
def test_a_kubernetes_manifest(path: Path) -> None:
    found = [each for each in yaml.safe_load_all(path.read_text()) if each is not None]
    assert found
    for each in found:
        kubernetes_validate.validate(each, kubernetes_validate.latest_version(), strict=True)


def test_the_dockerfile() -> None:
    _run(SCRIPTS / "hadolint", "--no-color", RECIPES / "Dockerfile")


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_a_unit(unit: Path, tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        assert REQUIRED not in os.environ, "systemd-analyze is missing"
        pytest.skip("needs systemd-analyze: apt-get install systemd")
    copy = tmp_path / unit.name  # with a program that exists
    program = "/opt/app/venv/bin/brokle-migrate"
    assert program in unit.read_text()
    copy.write_text(unit.read_text().replace(program, sys.executable))
    _run(analyze, "verify", copy)


def test_every_command_line_is_one() -> None:
    lines = [
        (path.name, words)
        for path in FILES
        for match in COMMAND.finditer(path.read_text())
        if (words := match["words"].replace(",", " ")).split()[0] in group.commands
    ]
    assert len({name for name, _ in lines}) > 6
    for name, line in lines:
        command, *words = shlex.split(line.rstrip(".: "))
        try:
            group.commands[command].make_context(command, words)
        except click.ClickException as error:
            pytest.fail(f"{name}: {line}: {error}")


def test_no_probe_for_liveness_asks_a_database() -> None:
    (deployment, _) = yaml.safe_load_all((RECIPES / "kubernetes/deployment.yaml").read_text())
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    assert container["livenessProbe"]["httpGet"]["path"] == "/live"
    assert container["startupProbe"]["httpGet"]["path"] == "/live"
    assert container["readinessProbe"]["httpGet"]["path"] == "/migrations/ready"


def test_every_file_is_explained() -> None:
    text = (RECIPES / "README.md").read_text()
    for path in FILES:
        assert path.name in text
