"""A plan written down, for somebody who approves it and for the run that then keeps to it.  Pure.

The names of the fields are the names in the file, whose version is :data:`SCHEMA`: a field that is
renamed, or gets another meaning, makes another version.
"""

from __future__ import annotations

from dataclasses import dataclass

SCHEMA = 1
"""The version of the file."""


@dataclass(frozen=True, slots=True)
class Made:
    """When, by whom and with what a plan was made.

    :ivar at: in UTC, as ISO 8601 writes it.
    :ivar by: ``user@host``.
    :ivar version: of brokle-migrate.
    """

    at: str
    by: str
    version: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What was to be planned, and what a run does with it.

    :ivar command: ``up``.
    :ivar databases: the selected ones, Postgres first.
    :ivar steps: how many in each of them, None for all.
    """

    command: str
    databases: tuple[str, ...]
    steps: int | None
    allow_out_of_order: bool
    on_failure: str
    atomic: bool


@dataclass(frozen=True, slots=True)
class ProposedDatabase:
    """A database, and where it stood.

    :ivar label: which one it is, without user or password.
    :ivar fingerprint: of what it records.
    :ivar recorded: the versions that it records.
    :ivar current: the newest of them.
    :ivar interrupted: steps that were begun and not finished, a sentence each.
    """

    environment: str
    label: str
    fingerprint: str
    recorded: tuple[str, ...]
    current: tuple[str, ...]
    interrupted: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ScriptFile:
    """A file of a step, with the SHA-256 of its bytes."""

    path: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Directive:
    """What a file says about how one of its statements runs.

    :ivar statement: its number within the step, from 1.
    :ivar settings: each ``name = value``.
    :ivar timeout: in seconds, None for no limit of its own.
    :ivar wait: whether mutations are waited for.
    """

    statement: int
    settings: tuple[str, ...]
    timeout: float | None
    wait: bool


@dataclass(frozen=True, slots=True)
class Loss:
    """Something that a step destroys.

    :ivar kind: ``table``, ``column``, ``rows`` and so on.
    :ivar message: such as ``drops column events.kind``.
    """

    kind: str
    name: str
    message: str


@dataclass(frozen=True, slots=True)
class Size:
    """How big a table was; rows are the server's estimate, bytes are on disk."""

    name: str
    rows: int
    bytes: int


@dataclass(frozen=True, slots=True)
class ProposedStep:
    """One revision in one database.

    :ivar action: ``upgrade``.
    :ivar path: the file that runs.
    :ivar files: every file of the revision, the way back included.
    :ivar requires: revisions of the other history that have to be there, ``postgres@REV``.
    :ivar statements: the SQL, statement for statement.
    :ivar note: why the list may not be complete, empty when it is.
    :ivar no_way_back: why the step can't be rolled back, empty where it can.
    """

    environment: str
    action: str
    revision: str
    message: str
    path: str
    files: tuple[ScriptFile, ...]
    requires: tuple[str, ...]
    statements: tuple[str, ...]
    directives: tuple[Directive, ...]
    note: str
    destroys: tuple[Loss, ...]
    touches: tuple[Size, ...]
    no_way_back: str

    def __str__(self) -> str:
        return f"{self.environment} {self.revision}"


@dataclass(frozen=True, slots=True)
class ProposedFinding:
    """Something worth knowing before the plan runs.

    :ivar location: ``path:line:column``, empty where no place is meant.
    """

    id: str
    level: str
    environment: str
    message: str
    hint: str
    location: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """Everything that makes a plan, and what a person wants to know who approves it."""

    made: Made
    asked: Asked
    databases: tuple[ProposedDatabase, ...]
    steps: tuple[ProposedStep, ...]
    findings: tuple[ProposedFinding, ...]

    @property
    def destroys(self) -> tuple[tuple[ProposedStep, Loss], ...]:
        """What the whole plan destroys, in order."""
        return tuple((step, lost) for step in self.steps for lost in step.destroys)

    @property
    def one_way(self) -> tuple[ProposedStep, ...]:
        """The steps that can't be rolled back."""
        return tuple(step for step in self.steps if step.no_way_back)
