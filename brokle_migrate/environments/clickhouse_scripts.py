"""The pairs of a ClickHouse history as they run: read, filled in, checked before anything is."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from ..errors import InvalidScripts
from ..model import Action
from .attempts import Content
from .base import StepSql
from .sqlfiles import SqlScriptDirectory

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from ..config.variables import Placeholders
    from ..interruption import Interruption
    from ..model import Revision, Statement, Step
    from ..sqltext import Script, ServerSide
    from .filling import Filling
    from .half_done import Made
    from .ledger import LedgerState


class ClickHouseScripts:
    """The files of one history, for one database.

    :param path: the script directory.
    :param placeholders: what is filled in; None where the files are taken as they are.
    :param server_side: asks what the built-in placeholders stand for.
    :param refusal: why a statement can't be sent, None when it can.
    :ivar directory: the files themselves.
    """

    def __init__(
        self,
        path: Path,
        placeholders: Placeholders | None,
        server_side: Callable[[], ServerSide],
        refusal: Callable[[Statement], str | None],
    ) -> None:
        self._filling: Filling | None = None
        if placeholders is not None:
            from .filling import Filling

            self._filling = Filling(placeholders, server_side)
        self._refusal = refusal
        self.directory = SqlScriptDirectory(path, self._filling)

    @property
    def revisions(self) -> tuple[Revision, ...]:
        """All of them, from base to head."""
        return self.directory.revisions

    def load(self, steps: Sequence[Step]) -> tuple[Step, ...]:
        """The steps with their statements; what is only recorded stays as it is.

        :raises InvalidScripts: a script can't be read, or has a statement that can't be sent.
        :raises Dirty: what ran of a step that stands half done has been edited.
        :raises DatabaseUnreachable: the server has to be asked what to fill in.
        """
        run = [step for step in steps if step.action is not Action.STAMP]
        read = [self.directory.load(step) for step in run]
        scripts = iter(read if self._filling is None else self._filling.scripts(read))
        return tuple(
            self._loaded(step, next(scripts)) if step.action is not Action.STAMP else step
            for step in steps
        )

    def sql(self, step: Step) -> StepSql:
        """What a loaded step would send."""
        from .half_done import remaining

        if step.action is Action.STAMP:
            versions = ", ".join(step.records) or "nothing"
            return StepSql(step, (), note=f"records {versions} as applied; runs nothing")
        statements = remaining(step, self.made(step))
        return StepSql(step, tuple(statement.text for statement in statements))

    def made(self, step: Step) -> Made | None:
        """What a half-done upgrade had made before its step is taken back."""
        from .half_done import made_by, require_takes_back

        if step.touched is None:
            return None
        made = made_by(step, self.directory.statements(step.revision, Action.UPGRADE))
        require_takes_back(step, made)
        return made

    def content(self, version: str) -> Content:
        """What a version's file says now."""
        return Content(self.directory.checksum(version), self._digests[version])

    def changed(self, state: LedgerState) -> tuple[str, ...]:
        """The versions whose applied files say something else now."""
        return tuple(each.id for each in self.revisions if self._is_changed(each, state))

    def broken_off_at(self, interruption: Interruption) -> str | None:
        """The statement at which a step broke off; None where the file has it no more."""
        from ..sqltext import checksum

        touched = self.directory.statements(interruption.version, interruption.action)
        return next((s.text for s in touched if checksum(s.text) == interruption.checksum), None)

    @cached_property
    def _digests(self) -> dict[str, str]:
        return {revision.id: revision.digest for revision in self.revisions}

    def _loaded(self, step: Step, script: Script) -> Step:
        from .half_done import require_unedited

        require_unedited(step, script.statements)
        for statement in script.statements:
            refusal = self._refusal(statement)
            if refusal:
                raise InvalidScripts(f"{statement.location}: {refusal}")
        return replace(
            step,
            path=script.path,
            statements=script.statements,
            checksum=script.checksum,
            digest=self._digests[step.revision] if step.action is Action.UPGRADE else "",
        )

    def _is_changed(self, revision: Revision, state: LedgerState) -> bool:
        """Whether an applied file says something else now; only an edited one has to be read."""
        applied = state.applied.get(revision.id)
        if applied is None or applied.digest == revision.digest:
            return False
        return applied.checksum != self.directory.checksum(revision.id)
