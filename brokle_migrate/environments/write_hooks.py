"""Runs what the team wants to run on the files of a new revision.

Alembic's own runners do it (https://alembic.sqlalchemy.org/en/latest/autogenerate.html, "Applying
Post Processing"), so that a hook means the same for both databases.  They pass over how a program
ends, and let it print wherever it likes; here neither is lost.
"""

from __future__ import annotations

import contextlib
import io
import subprocess
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from ..config.hooks import Hook

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from alembic.config import Config as AlembicConfig


@dataclass(frozen=True, slots=True)
class HookRun:
    """A hook that ran on a file.

    :ivar hook: its name.
    :ivar output: what it printed.
    :ivar problem: why it failed; empty when it did not.
    """

    hook: str
    path: Path
    output: str = ""
    problem: str = ""

    def each(self, hide: Callable[[str], str]) -> HookRun:
        """The same with every text hidden."""
        return replace(self, output=hide(self.output), problem=hide(self.problem))


def of_alembic(config: AlembicConfig) -> tuple[Hook, ...]:
    """The hooks of Alembic's own configuration."""
    found = []
    for each in config.get_hooks_list():
        options = dict(each)
        found.append(Hook(options.pop("_hook_name"), options))
    return tuple(found)


def run(hooks: Sequence[Hook], paths: Sequence[Path]) -> tuple[HookRun, ...]:
    """Run every hook on every file; one that fails keeps none of the others from running."""
    return tuple(_run(hook, path) for path in paths for hook in hooks)


def _run(hook: Hook, path: Path) -> HookRun:
    if not hook.options.get("type"):
        return HookRun(hook.name, path, problem="it has no type, such as exec or module")
    from alembic.script import write_hooks
    from alembic.util import CommandError

    options = {**hook.options, "_hook_name": hook.name}
    printed, problem = io.StringIO(), ""
    with contextlib.redirect_stdout(printed), _watched(printed) as codes:
        try:
            write_hooks._invoke(hook.options["type"], path, options)  # noqa: SLF001 - has no public name
        except CommandError as error:
            problem = str(error)
        except OSError as error:
            problem = f"{error.filename or hook.name}: {error.strerror}"
        except Exception as error:  # the team's own code
            problem = f"{type(error).__name__}: {error}"
    if not problem and any(codes):
        problem = f"ended with exit code {next(filter(None, codes))}"
    return HookRun(hook.name, path, printed.getvalue(), problem)


@contextlib.contextmanager
def _watched(printed: io.StringIO) -> Iterator[list[int]]:
    """Hear of every program that Alembic starts for a hook, and of what it prints.

    :param printed: gets the output.
    :return: the exit codes.
    """
    from alembic.script import write_hooks

    codes: list[int] = []

    def watch(command: list[str], **options: Any) -> None:
        kept = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, **options}
        done = subprocess.run(command, check=False, **kept)
        printed.write((done.stdout or b"").decode(errors="replace"))
        codes.append(done.returncode)

    name = "subprocess"  # the module as Alembic's module knows it
    before = getattr(write_hooks, name)
    setattr(write_hooks, name, SimpleNamespace(run=watch, DEVNULL=subprocess.DEVNULL))
    try:
        yield codes
    finally:
        setattr(write_hooks, name, before)
