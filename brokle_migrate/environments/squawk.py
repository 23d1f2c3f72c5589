"""squawk, the linter of Postgres migrations (https://squawkhq.com): another program."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from ..checks.emitted import Complaint

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..checks.emitted import Emitted

OFF = (
    "ban-char-field",
    "prefer-bigint-over-int",
    "prefer-bigint-over-smallint",
    "prefer-identity",
    "prefer-robust-stmts",
    "prefer-text-field",
    "prefer-timestamp-tz",
    "require-timeout-settings",
    "transaction-nesting",
)
"""Rules that are matters of taste, or that a run of ours takes care of, such as lock_timeout."""

_CONFIGURATION = ".squawk.toml"
_PATIENCE = 300.0  # seconds; a thousand revisions take a few


class NotAnswered(Exception):
    """squawk failed; the message says how."""


def program() -> str | None:
    """Where squawk is: beside this Python, or on the path."""
    beside = Path(sys.executable).with_name("squawk")
    return str(beside) if beside.is_file() else shutil.which("squawk")


def complaints(squawk: str, revisions: Sequence[Emitted], directory: Path) -> list[Complaint]:
    """What squawk says of the SQL of revisions.

    :param squawk: the program.
    :param directory: where the team's .squawk.toml may be, whose rules count then.
    :raises NotAnswered: it failed.
    """
    if not revisions:
        return []
    with tempfile.TemporaryDirectory() as name:
        scripts = {
            str(Path(name) / f"{number}.sql"): (each, *each.script())
            for number, each in enumerate(revisions)
        }
        for file, (_, text, _) in scripts.items():
            Path(file).write_text(text, encoding="utf-8")
        said = _said(squawk, list(scripts), directory)
    found = []
    for each in said:
        revision, _, lines = scripts[each["file"]]
        line = lines[min(int(each["line"]), len(lines) - 1)]
        rule, message = each["rule_name"], each["message"]
        found.append(Complaint(revision.path, line, rule, message, each["help"] or ""))
    return found


def _said(squawk: str, files: list[str], directory: Path) -> list[dict[str, str]]:
    configuration = directory / _CONFIGURATION
    own = configuration.is_file()
    options = ["--config", str(configuration)] if own else [f"--exclude={','.join(OFF)}"]
    command = [squawk, "--reporter", "json", *options, *files]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=_PATIENCE
        )
    except subprocess.TimeoutExpired:
        raise NotAnswered(f"it did not end within {_PATIENCE:g} s") from None
    try:
        found: list[dict[str, str]] = json.loads(done.stdout)
    except ValueError:
        words = (done.stderr or done.stdout).strip().partition("\n")[0]
        raise NotAnswered(words or f"it ended with {done.returncode}") from None
    return found
