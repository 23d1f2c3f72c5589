"""Sides that compete, and how often each is run."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

LIMIT_SECONDS = 900
READ_BY_THE_TOOLS = ("DB_", "CLICKHOUSE_", "PG", "DBMATE_")
READ_BY_NAME = {
    "ALEMBIC_CONFIG",
    "COLUMNS",
    "DATABASE_URL",
    "FORCE_COLOR",
    "LINES",
    "NO_COLOR",
    "PYTHONDONTWRITEBYTECODE",
    "PYTHONPROFILEIMPORTTIME",
}


class Failed(Exception):
    """A command that was to be measured ended with an error."""


class Skipped(Exception):
    """Something that is not installed is needed; the message says what."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One run, or the medians of several.

    :ivar mebibytes: the peak of resident memory.
    """

    seconds: float
    mebibytes: float


class Launcher:
    """The small process that runs what is measured.

    :param scratch: where the output of the last command is kept.
    """

    def __init__(self, scratch: Path) -> None:
        self._out = scratch / "output"
        self._environment = _environment()
        command = [sys.executable, "-I", "-S", str(Path(__file__).with_name("launcher.py"))]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def run(self, command: Sequence[str], cwd: Path) -> Sample:
        """Run a command to its end.

        :raises Failed: it did not end with code 0.
        """
        request = {
            "command": list(command),
            "cwd": str(cwd),
            "env": self._environment,
            "out": str(self._out),
            "limit": LIMIT_SECONDS,
        }
        answer = self._ask(request)
        if answer["code"] != 0:
            raise Failed(f"{_spoken(command)} ended with {answer['code']}: {self._complaint()}")
        return Sample(answer["seconds"], answer["mebibytes"])

    def side(self, command: Sequence[str], cwd: Path) -> Callable[[], Sample]:
        """A command as a side of a contest."""
        return lambda: self.run(command, cwd)

    def output(self) -> str:
        """What the last command wrote to its standard output."""
        return Path(f"{self._out}.out").read_text()

    def _ask(self, request: dict[str, object]) -> dict[str, float]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps(request), file=self._process.stdin, flush=True)
        answer: dict[str, float] = json.loads(self._process.stdout.readline())
        return answer

    def _complaint(self) -> str:
        text = Path(f"{self._out}.err").read_text() or self.output()
        return text.strip().rpartition("\n")[2][:100]


def _environment() -> dict[str, str]:
    """The machine's environment without what configures the tools."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(READ_BY_THE_TOOLS) and name not in READ_BY_NAME
    }


def _spoken(command: Sequence[str]) -> str:
    return " ".join([Path(command[0]).name, *command[1:]])


def after(prepare: Callable[[], object], side: Callable[[], Sample]) -> Callable[[], Sample]:
    """A side with a preparation that is not measured."""

    def run() -> Sample:
        prepare()
        return side()

    return run


def one_after_the_other(*sides: Callable[[], Sample]) -> Callable[[], Sample]:
    """Several sides as one: their times together, the largest of their peaks."""

    def run() -> Sample:
        samples = [side() for side in sides]
        return Sample(sum(s.seconds for s in samples), max(s.mebibytes for s in samples))

    return run


@dataclass(frozen=True, slots=True)
class Effort:
    """How much time a contest may take.

    :ivar seconds: as many rounds as fit, but an odd number.
    :ivar least: that many in any case.
    :ivar most: never more.
    """

    seconds: float
    least: int
    most: int

    def rounds(self, cost: float) -> int:
        """How many rounds of that many seconds to run."""
        fitting = max(self.least, min(self.most, int(self.seconds / cost)))
        return fitting - 1 + fitting % 2


def contest(sides: Mapping[str, Callable[[], Sample]], effort: Effort) -> dict[str, Sample]:
    """Run the sides in turn, round by round; the medians of each.

    The first round tells how long a round takes.  It counts only where there is no time for more
    rounds than have to be: caches are cold in it.
    """
    rounds = [_round(sides)]
    wanted = effort.rounds(sum(sample.seconds for sample in rounds[0].values()))
    if wanted > effort.least:
        rounds.clear()
    while len(rounds) < wanted:
        rounds.append(_round(sides))
    return {name: _median([each[name] for each in rounds]) for name in sides}


def _round(sides: Mapping[str, Callable[[], Sample]]) -> dict[str, Sample]:
    return {name: side() for name, side in sides.items()}


def _median(samples: Sequence[Sample]) -> Sample:
    return Sample(
        statistics.median(sample.seconds for sample in samples),
        statistics.median(sample.mebibytes for sample in samples),
    )
