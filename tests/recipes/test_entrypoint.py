"""The entry point of the Docker recipe, in a real shell."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.support.process import wait_until
from tests.support.project import environment

from .conftest import ON

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.support.gateway_process import GatewayProcess
    from tests.support.project import Project

APPLICATION = "import os, signal; print('serving', os.getpid(), flush=True); signal.pause()"


class Container:
    """What would be process 1."""

    def __init__(self, project: Project, place: Path) -> None:
        self._log = place / "container.log"
        programs = place / "bin"
        programs.mkdir()
        command = programs / "brokle-migrate"
        command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m brokle_migrate "$@"\n')
        command.chmod(0o755)
        path = f"{programs}{os.pathsep}{os.environ['PATH']}"
        with self._log.open("w") as log:
            self.process = subprocess.Popen(
                [project.path / "entrypoint.sh", sys.executable, "-c", APPLICATION],
                cwd=project.path,
                env=environment({**ON, "PATH": path}),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def said(self) -> str:
        return self._log.read_text()

    def wait_for(self, words: str) -> None:
        wait_until(lambda: words in self.said() or self.process.poll() is not None, 30, words)
        assert words in self.said(), self.said()


@pytest.fixture
def containers(filled: Project, tmp_path: Path) -> Iterator[Callable[[], Container]]:
    """Starts the entry point; what is left at the end is ended."""
    started: list[Container] = []

    def start() -> Container:
        started.append(Container(filled, tmp_path))
        return started[-1]

    yield start
    for container in started:
        if container.process.poll() is None:
            container.process.kill()
            container.process.wait()


def test_it_migrates_and_becomes_the_application(
    containers: Callable[[], Container], filled: Project
) -> None:
    container = containers()
    container.wait_for(f"serving {container.process.pid}")
    assert filled.invoke("status", "--exit-code").code == 0
    container.process.send_signal(signal.SIGTERM)
    assert container.process.wait(10) == -signal.SIGTERM


def test_a_signal_lets_the_running_statement_end(
    containers: Callable[[], Container], filled: Project, gateway: GatewayProcess
) -> None:
    fault = gateway.fault("CREATE TABLE t2", when="before", action="hold")
    container = containers()
    fault.wait()
    container.process.send_signal(signal.SIGTERM)
    container.wait_for("stopping when the running statement has ended")
    fault.release()
    assert container.process.wait(30) == 143
    assert "serving" not in container.said()
    made = [text for text in gateway.texts() if text.startswith("CREATE TABLE t")]
    assert len(made) == 2
    assert filled.invoke("up").code == 0


def test_the_application_does_not_start_over_a_failed_migration(
    containers: Callable[[], Container], filled: Project
) -> None:
    filled.add_pair(200, "wrong", "SELECT no_such_function()", "SELECT 1")
    container = containers()
    assert container.process.wait(60) == 6
    assert "serving" not in container.said()
