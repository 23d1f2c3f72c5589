"""One environment's history: its revisions against what its database records.  Pure.

Both engines' revisions go into Alembic's own RevisionMap, so that head, base, +N, -N, prefixes and
the messages about them are Alembic's.  What Alembic has no word for is added as set arithmetic:
*out of order* (a gap below the newest applied version) and *ahead* (recorded, not on disk).
"""

from __future__ import annotations

import difflib
import re
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from .errors import AmbiguousRevision, MultipleHeads, RevisionError, UnknownRevision
from .interruption import Outcome
from .model import Action

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from alembic.script.revision import RevisionMap

    from .interruption import Interruption
    from .model import Revision, Snapshot

BASE = "base"
ADOPT = "take over its history: brokle-migrate adopt golang-migrate DIR"
_RELATIVE = re.compile(r"(?P<start>.+?)?(?P<steps>[+-]\d+)$")
_NUMBER = re.compile(r"0*(?P<number>\d+)(?P<rest>[+-]\d+)?$")


class History:
    """The revisions of one snapshot, ordered and classified.

    :param snapshot: what was read from disk and database.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.environment = snapshot.environment
        self.by_id = {revision.id: revision for revision in snapshot.revisions}

    @cached_property
    def map(self) -> RevisionMap:
        """Alembic's map of these revisions."""
        return _revision_map(self.snapshot.revisions)

    @cached_property
    def current(self) -> tuple[str, ...]:
        """The recorded tips that are on disk: for a chain the newest applied revision."""
        known = tuple(version for version in self.snapshot.recorded if version in self.by_id)
        if not self.snapshot.linear:
            return known
        return (max(known, key=int),) if known else ()

    @cached_property
    def ahead(self) -> tuple[str, ...]:
        """Versions that the database records and no file has."""
        return tuple(v for v in self.snapshot.recorded if v not in self.by_id)

    @cached_property
    def is_lost(self) -> bool:
        """Whether the files don't tell where the database stands.

        An old version without a file (a squashed history) hides nothing; a newer one does.
        """
        if not self.ahead or not self.snapshot.linear:
            return bool(self.ahead)
        newest = max((int(version) for version in self.applied), default=-1)
        return max(map(int, self.ahead)) > newest

    @property
    def newest_first(self) -> tuple[Revision, ...]:
        """The revisions of a chain from its end."""
        return self.snapshot.revisions[::-1]

    @cached_property
    def applied(self) -> frozenset[str]:
        """Revisions on disk that the database has."""
        if self.snapshot.linear:
            return frozenset(self.snapshot.recorded) & frozenset(self.by_id)
        return frozenset(self._ancestors(self.current))

    @cached_property
    def heads(self) -> tuple[str, ...]:
        """The newest revisions on disk: one, unless the history has branches.

        A revision that another one depends on is none: whoever goes to that one passes it, as with
        Alembic's ``heads --resolve-dependencies``.
        """
        parents = {parent for revision in self.snapshot.revisions for parent in revision.down}
        needs = {need for revision in self.snapshot.revisions for need in revision.depends_on}
        parents.update(map(self.resolve, needs))
        return tuple(r.id for r in self.snapshot.revisions if r.id not in parents)

    @cached_property
    def out_of_order(self) -> tuple[Revision, ...]:
        """Revisions of a chain that are older than the newest recorded one and not applied."""
        if not self.snapshot.linear or not self.snapshot.recorded:
            return ()
        newest = max(map(int, self.snapshot.recorded))
        return tuple(
            r for r in self.snapshot.revisions if r.id not in self.applied and int(r.id) < newest
        )

    @cached_property
    def pending(self) -> tuple[Revision, ...]:
        """Revisions that an upgrade to the heads would run, oldest first."""
        if not self.is_behind or (self.is_lost and not self.snapshot.linear):
            return ()
        gaps = {revision.id for revision in self.out_of_order}
        with self._readable("heads"):
            path = self._iterate("heads", self.current or BASE)
        return tuple(r for r in reversed(path) if r.id not in gaps and r.id not in self.applied)

    @property
    def is_behind(self) -> bool:
        """Whether something on disk is not applied."""
        return len(self.applied) < len(self.by_id)

    def require_one_head(self) -> None:
        """Refuse a history with several heads.

        :raises MultipleHeads: naming them.
        """
        if len(self.heads) > 1:
            raise MultipleHeads(
                f"{self.environment} has {len(self.heads)} heads: {', '.join(self.heads)}",
                hint=f"join them: alembic merge -m 'merge' {' '.join(self.heads)}; or go to all of "
                "them: brokle-migrate goto --version heads; or to one: brokle-migrate goto "
                f"--version {self.heads[0]}",
            )

    def canonical(self, destination: str) -> str:
        """Rewrite a destination as this history spells it.

        Versions of ClickHouse files are compared as numbers (``001`` is 1), and 0 means nothing
        applied unless a revision has that name.
        """
        number = _NUMBER.match(destination) if self.snapshot.linear else None
        if number and destination not in self.by_id:
            destination = number["number"] + (number["rest"] or "")
        if destination == "head" and len(self.heads) == 1:
            return self.heads[0]
        return BASE if destination == "0" and "0" not in self.by_id else destination

    def resolve(self, destination: str) -> str:
        """The id of the revision that an absolute destination names, ``base`` for none.

        :param destination: ``head``, ``base``, an id, a unique prefix, ``REV+N``, ``branch@head``.
        :raises UnknownRevision: no revision has that name.
        :raises AmbiguousRevision: a prefix fits more than one.
        """
        destination = self.canonical(destination)
        with self._readable(destination):
            if _RELATIVE.fullmatch(destination):
                return self._iterate(destination, BASE)[0].id
            revision = self.map.get_revision(destination)
        return revision.revision if revision else BASE

    def upgrade_path(self, destination: str) -> tuple[Revision, ...]:
        """What leads from the current state up to ``destination``, oldest first."""
        with self._readable(destination):
            path = self._iterate(self.canonical(destination), self.current or BASE)
        return tuple(r for r in reversed(path) if r.id not in self.applied)

    def downgrade_path(self, destination: str) -> tuple[Revision, ...]:
        """What leads from the current state down to ``destination``, newest first."""
        if not self.current:
            return ()
        with self._readable(destination, way="downgrade"):
            found = self.map.iterate_revisions(
                self.current, self.canonical(destination), select_for_downgrade=True
            )
            path = [self.by_id[script.revision] for script in found]
        return tuple(r for r in path if r.id in self.applied)

    def without(self, revisions: Iterable[str]) -> History:
        """This history as it will be once ``revisions`` were rolled back."""
        remaining = self.applied - set(revisions)
        parents = {p for version in remaining for p in self.by_id[version].down}
        tips = remaining if self.snapshot.linear else remaining - parents
        recorded = tuple(r.id for r in self.snapshot.revisions if r.id in tips)
        return History(replace(self.snapshot, recorded=recorded + self.ahead))

    def interruption(self, version: str) -> Interruption | None:
        """The step of a version that was started and not finished."""
        return next((d for d in self.snapshot.dirty if d.version == version), None)

    @cached_property
    def undoable(self) -> tuple[Revision, ...]:
        """What can be rolled back, newest first: what is applied, and what stands half done."""
        half_done = [d.version for d in self.snapshot.dirty if d.version in self.by_id]
        applied = self.downgrade_path(BASE)
        if not half_done:
            return applied
        ids = {revision.id for revision in applied} | set(half_done)
        return tuple(revision for revision in self.newest_first if revision.id in ids)

    def ways_out(self, interruption: Interruption) -> str:
        """What to type about a step that was started and not finished."""
        number = interruption.next_statement
        forward = interruption.action is Action.UPGRADE
        undo = "; or undo the step: brokle-migrate resume --rollback" if forward else ""
        if interruption.outcome is Outcome.RUNNING:
            return f"it still runs: brokle-migrate {'up' if forward else 'resume'} waits for it"
        if number is None:
            return (
                f"look at what statement {interruption.statement} did. Then run it again: "
                "brokle-migrate resume --retry; or count it as done: "
                f"brokle-migrate resume --mark-applied{undo}"
            )
        command = f"brokle-migrate {'up' if forward else 'resume'}"
        return f"{command} goes on at statement {number}{_if_at_fault(interruption)}{undo}"

    def newest_up_to(self, version: str) -> str:
        """The newest revision that is not newer than a 14-digit version, ``base`` for none."""
        older = [revision for revision in self.by_id if int(revision) <= int(version)]
        return max(older, key=int, default=BASE)

    def _iterate(self, upper: str, lower: str | tuple[str, ...]) -> list[Revision]:
        found = self.map.iterate_revisions(upper, lower, implicit_base=True)
        return [self.by_id[script.revision] for script in found]

    def _ancestors(self, tips: Iterable[str]) -> Iterator[str]:
        seen: set[str] = set()
        todo = list(tips)
        while todo:
            version = todo.pop()
            if version not in seen:
                seen.add(version)
                yield version
                revision = self.by_id[version]
                todo.extend(revision.down)
                todo.extend(map(self.resolve, revision.depends_on))

    @contextmanager
    def _readable(self, destination: str, *, way: str = "upgrade") -> Iterator[None]:
        """Turn Alembic's revision errors into ours: same words, and where to look."""
        from alembic.script import revision as alembic_revision

        try:
            yield
        except alembic_revision.MultipleHeads as error:
            self.require_one_head()
            raise MultipleHeads(f"{self.environment}: {error}") from error
        except alembic_revision.ResolutionError as error:
            kind = AmbiguousRevision if "Multiple revisions" in str(error) else UnknownRevision
            raise kind(f"{self.environment}: {error}", hint=self._nearest(destination)) from error
        except alembic_revision.RangeNotAncestorError as error:
            heads = ", ".join(self.current) or BASE
            raise RevisionError(
                f"{self.environment}: Destination {destination} is not a valid {way} target from "
                f"current head(s) {heads}"
            ) from error
        except alembic_revision.RevisionError as error:
            raise RevisionError(f"{self.environment}: {error}") from error
        except (AssertionError, KeyError) as error:  # what Alembic's map does not expect
            raise RevisionError(
                f"{self.environment}: {destination!r} leads to no revision",
                hint="do the revisions fit together? alembic history tells",
            ) from error

    def _nearest(self, destination: str) -> str:
        near = difflib.get_close_matches(destination, self.by_id, n=1, cutoff=0.6)
        meant = f"did you mean {near[0]}? " if near else ""
        return f"{meant}brokle-migrate status shows where each database stands"


def _if_at_fault(interruption: Interruption) -> str:
    """What to do about a file whose statement the server refused."""
    if not interruption.error:
        return ""
    # What an edited statement made before can't be told, unless it is proven to be nothing.
    edited = "" if interruption.outcome is Outcome.NO_EFFECT else ": brokle-migrate resume --retry"
    return f"; if the file is at fault, correct it from there on{edited}"


def _revision_map(revisions: tuple[Revision, ...]) -> RevisionMap:
    from alembic.script import revision as alembic_revision

    return alembic_revision.RevisionMap(
        lambda: [
            alembic_revision.Revision(
                r.id,
                r.down if len(r.down) > 1 else (r.down or (None,))[0],
                dependencies=r.depends_on or None,
                branch_labels=r.branch_labels or None,
            )
            for r in revisions
        ]
    )
