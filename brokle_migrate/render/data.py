"""Values as plain lists, dictionaries, strings and numbers: the ``data`` of the JSON envelope.

Field by field on purpose: a field that is renamed inside keeps its name outside.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import StepFailed
from ..locks.base import Kind
from .reports import next_command, tips
from .sealing import sealed_data

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..authoring import Created
    from ..checked import Checked, Rehearsed, Since
    from ..dumping import Dumped, SchemaFile
    from ..environments.base import DatabaseObject, TableSize
    from ..errors import MigrateError
    from ..interruption import Interruption
    from ..locks import Holder, LockState
    from ..model import Finding, Plan, Report, Revision, Snapshot, Step
    from ..preview import Preview, StepPreview
    from ..status import DatabaseStatus, Status
    from ..vitals import RunningMutation
    from .base import Inventory

    Data = dict[str, Any]


def error_data(error: MigrateError) -> Data:
    """The ``error`` of the envelope."""
    return {"code": error.code, "message": error.message, "hint": error.hint}


def status_data(status: Status) -> Data:
    """Where each database stands."""
    return {
        "at_head": status.at_head,
        "databases": [database_data(database) for database in status.databases],
    }


def preview_data(preview: Preview) -> Data:
    """A plan with its SQL."""
    return {
        "digest": preview.plan.digest,
        "steps": [_step_preview(each) for each in preview.steps],
        "findings": _findings(preview.plan.findings),
    }


def nothing_data(plan: Plan) -> Data:
    """The report of a plan without steps."""
    return {
        "changed": False,
        "steps": [],
        "databases": [],
        "failure": None,
        "undo_error": None,
        "next": None,
        "findings": _findings(plan.findings),
    }


def report_data(report: Report) -> Data:
    """What a run did, and what is true now."""
    return {
        "changed": report.changed,
        "steps": [
            {**_step(r.step), "state": r.state.value, "duration": r.duration}
            for r in report.results
        ],
        "databases": [_position(n, report.after.get(n)) for n in report.plan.fingerprints],
        "failure": _failure(report.error) if isinstance(report.error, StepFailed) else None,
        "undo_error": None if report.undo_error is None else error_data(report.undo_error),
        "next": next_command(report),
        "findings": _findings(report.plan.findings),
    }


def created_data(created: Created) -> Data:
    """The files of a new revision."""
    return {
        "version": created.version,
        "paths": [str(path) for path in created.paths],
        "hooks": [
            {
                "name": each.hook,
                "path": str(each.path),
                "output": each.output,
                "problem": each.problem or None,
            }
            for each in created.hooks
        ],
        "lock_file": None if created.sealed is None else sealed_data(created.sealed),
    }


def dumped_data(dumped: Dumped) -> Data:
    """What became of the schema files."""
    return {"written": dumped.written, "files": [_schema_file(each) for each in dumped.files]}


def inventory_data(objects: Inventory) -> Data:
    """What ``drop`` removes, or would."""
    return {
        "databases": [
            {"environment": name, "objects": [_object(each) for each in listed]}
            for name, listed in objects.items()
        ]
    }


def lock_data(state: LockState) -> Data:
    """Who holds the lock, and who was relieved of it."""
    return {
        "database": state.where or None,
        "held": state.holder is not None and not state.holder.is_over,
        "holder": None if state.holder is None else _holder(state.holder),
        "removed": None if state.removed is None else _holder(state.removed),
    }


def _holder(holder: Holder) -> Data:
    """One field for each thing that is known; times in seconds."""
    is_lease = holder.kind is Kind.LEASE
    return {
        "name": holder.name,
        "process": holder.process,
        "kind": holder.kind.value,
        "session": None if is_lease else int(holder.key),
        "address": holder.address or None,
        "age": holder.age,
        "heartbeat": holder.beat if is_lease else None,
        "ttl": holder.ttl if is_lease else None,
        "expired": holder.is_over,
    }


def _schema_file(each: SchemaFile) -> Data:
    """One file; the SQL is there only where it has none."""
    return {
        "environment": each.environment,
        "path": None if each.path is None else str(each.path),
        "state": each.state.value,
        "changed": each.state.value in {"new", "changed"},
        "sql": Hidden(each.text) if each.path is None and each.text else None,
        "warnings": list(each.warnings),
        "error": None if each.error is None else error_data(each.error),
    }


def database_data(database: DatabaseStatus) -> Data:
    """Where one database stands."""
    return {
        "environment": database.environment,
        "label": database.label,
        "exists": database.exists,
        "at_head": database.at_head,
        "current": list(database.current),
        "heads": list(database.heads),
        "applied": database.applied,
        "pending": [_revision(revision) for revision in database.pending],
        "out_of_order": [_revision(revision) for revision in database.out_of_order],
        "ahead": list(database.ahead),
        "changed": list(database.changed),
        "dirty": [_interruption(interruption) for interruption in database.dirty],
        "running": database.running or None,
        "mutations": None
        if database.mutations is None
        else [mutation_data(each) for each in database.mutations],
        "findings": _findings(database.findings),
        "error": None if database.error is None else error_data(database.error),
    }


def mutation_data(each: RunningMutation) -> Data:
    """A mutation that is not done; its age in seconds."""
    return {
        "table": each.table,
        "id": each.id,
        "command": each.command,
        "age": each.age,
        "parts": each.parts,
        "failure": each.failure or None,
    }


def _position(name: str, snapshot: Snapshot | None) -> Data:
    """Where a database is after a run; nulls when it does not answer any more."""
    if snapshot is None:
        return {"environment": name, "current": None, "heads": None, "dirty": None}
    current, heads = tips(snapshot)
    dirty = [_interruption(interruption) for interruption in snapshot.dirty]
    return {"environment": name, "current": list(current), "heads": list(heads), "dirty": dirty}


def _step(step: Step) -> Data:
    return {
        "environment": step.environment,
        "action": step.action.value,
        "revision": step.revision,
        "message": step.message,
        "path": None if step.path is None else str(step.path),
    }


def _step_preview(each: StepPreview) -> Data:
    return {
        **_step(each.step),
        "statements": list(each.statements),
        "note": each.note,
        "destroys": [
            {"kind": lost.kind, "name": lost.name, "message": str(lost)} for lost in each.destroys
        ],
        "touches": [table_data(table) for table in each.touches],
    }


def _failure(error: StepFailed) -> Data:
    location = error.location and {
        "path": str(error.location.path),
        "line": error.location.line,
        "column": error.location.column,
    }
    return {
        **_step(error.step),
        "statement": error.statement,
        "location": location,
        "sql": error.sql,
        "offset": error.offset,
        "error": error.message,
        "hint": error.hint,
    }


def _revision(revision: Revision) -> Data:
    return {
        "revision": revision.id,
        "message": revision.message,
        "path": str(revision.path),
        "requires": [str(link) for link in revision.requires],
    }


def _interruption(interruption: Interruption) -> Data:
    return {
        "revision": interruption.version,
        "action": interruption.action.value,
        "statement": interruption.statement,
        "statements": interruption.statements,
        "error": interruption.error or None,
        "outcome": interruption.outcome.value,
        "evidence": interruption.evidence or None,
        "next_statement": interruption.next_statement,
    }


def checked_data(checked: Checked) -> Data:
    """What is wrong with the files, and what could not be looked at."""
    silenced = _findings([each.finding for each in checked.silenced])
    return {
        "findings": _findings(checked.findings),
        "allowed": [
            {**found, "reason": each.reason}
            for found, each in zip(silenced, checked.silenced, strict=True)
        ],
        "revisions": dict(checked.revisions),
        "not_checked": list(checked.unverified),
        "since": None if checked.since is None else _since(checked.since),
        "live": None if checked.live is None else list(checked.live),
        "rehearsed": None
        if checked.rehearsed is None
        else [_rehearsed(r) for r in checked.rehearsed],
    }


def _rehearsed(step: Rehearsed) -> Data:
    return {
        "environment": step.environment,
        "revision": step.revision,
        "action": step.action,
        "seconds": round(step.duration, 3),
    }


def _since(since: Since) -> Data:
    return {"ref": since.ref, "files": since.files}


def _findings(findings: Sequence[Finding]) -> list[Data]:
    return [
        {
            "id": finding.id,
            "level": finding.level.value,
            "environment": finding.environment or None,
            "message": finding.message,
            "hint": finding.hint or None,
            "location": None if finding.location is None else str(finding.location),
        }
        for finding in findings
    ]


def table_data(table: TableSize) -> Data:
    """How big a table is."""
    return {"name": table.name, "rows": table.rows, "bytes": table.bytes}


def _object(each: DatabaseObject) -> Data:
    return {"kind": each.kind, "name": each.name, "rows": each.rows, "sql": each.sql}


class Hidden(str):
    """A text from which secrets were taken before, and that has to stay as it is."""

    __slots__ = ()


def hidden(value: Any, hide: Callable[[str], str]) -> Any:
    """A value with the secrets taken out of its texts; names of fields are ours."""
    match value:
        case Hidden():
            return value
        case str():
            return hide(value)
        case dict():
            return {name: hidden(each, hide) for name, each in value.items()}
        case list():
            return [hidden(each, hide) for each in value]
        case _:
            return value
