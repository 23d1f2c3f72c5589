"""Values to print, as literals."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from brokle_migrate.authoring import Created
from brokle_migrate.checked import Checked, Silenced, Since
from brokle_migrate.dumping import Dumped, FileState, SchemaFile
from brokle_migrate.environments.base import DatabaseObject, ServerFacts, TableSize
from brokle_migrate.errors import DatabaseUnreachable, StepFailed
from brokle_migrate.history import History
from brokle_migrate.interruption import Interruption
from brokle_migrate.lockfile import Change, Entry, Flaw, Sealed
from brokle_migrate.locks.base import Holder, Kind, LockState
from brokle_migrate.model import (
    CLICKHOUSE,
    POSTGRES,
    Action,
    Finding,
    Level,
    Location,
    Operation,
    Plan,
    Report,
    Request,
    Revision,
    Snapshot,
    Statement,
    Step,
    StepResult,
    StepState,
)
from brokle_migrate.preview import Preview, StepPreview
from brokle_migrate.status import (
    DatabaseInfo,
    DatabaseStatus,
    Info,
    SettingView,
    Status,
    describe,
)
from brokle_migrate.vitals import Connections, Disk, Vitals

PG = ("20250106091500", "20250113083000", "20250707100000")
CH = ("20250108100000", "20250210104500", "20250715080000")
_MESSAGES = {
    "20250106091500": "create organizations",
    "20250113083000": "create projects",
    "20250707100000": "create audit log",
    "20250108100000": "create traces",
    "20250210104500": "create hourly usage",
    "20250715080000": "add metadata",
}


@dataclass(frozen=True)
class Lost:
    """Stands in for a Destruction."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"drops {self.kind} {self.name}"


def path(environment: str, version: str) -> Path:
    slug = _MESSAGES[version].replace(" ", "_")
    if environment == POSTGRES:
        return Path(f"alembic/versions/{version}_{slug}.py")
    return Path(f"migrations_clickhouse/versions/{version}_{slug}.up.sql")


def revisions(environment: str) -> tuple[Revision, ...]:
    versions = PG if environment == POSTGRES else CH
    downs = [(), *((version,) for version in versions)]
    return tuple(
        Revision(environment, version, down, _MESSAGES[version], path(environment, version))
        for version, down in zip(versions, downs, strict=False)
    )


def snapshot(
    environment: str,
    *recorded: str,
    dirty: tuple[Interruption, ...] = (),
    changed: tuple[str, ...] = (),
    exists: bool = True,
) -> Snapshot:
    label = {POSTGRES: "localhost:5432/brokle", CLICKHOUSE: "localhost:9000/brokle"}[environment]
    return Snapshot(
        environment,
        label,
        revisions(environment),
        recorded,
        linear=environment == CLICKHOUSE,
        dirty=dirty,
        changed=changed,
        exists=exists,
    )


STOPPED = Interruption(
    CH[2], Action.UPGRADE, 2, 3, error="Code: 60. Table default.spans does not exist"
)

AT_HEAD = Status(
    (
        describe(History(snapshot(POSTGRES, PG[2]))),
        describe(History(snapshot(CLICKHOUSE, *CH))),
    )
)
PENDING = Status(
    (
        describe(History(snapshot(POSTGRES, PG[0]))),
        describe(History(snapshot(CLICKHOUSE, exists=False))),
    )
)
REFUSED = DatabaseUnreachable(
    "Postgres at localhost:5432/brokle does not answer: connection refused",
    hint="is the server running, and are host, port, database, user and password right?",
)
UNWELL = Status(
    (
        DatabaseStatus(POSTGRES, "localhost:5432/brokle", error=REFUSED),
        describe(
            History(
                snapshot(CLICKHOUSE, CH[1], "20990101000000", dirty=(STOPPED,), changed=(CH[1],))
            )
        ),
    )
)

INFO = Info(
    "0.1.0",
    (
        DatabaseInfo(
            AT_HEAD.databases[0],
            ServerFacts("PostgreSQL 15.1", "brokle", 0.00042),
            Vitals(
                (TableSize("users", 1204, 98304), TableSize("audit_log", 1234567, 3435973836)),
                connections=Connections(12, 97, 3),
            ),
        ),
        DatabaseInfo(
            AT_HEAD.databases[1],
            ServerFacts("ClickHouse 26.9.1.1", "brokle", 0.0021),
            Vitals(
                (TableSize("traces", 1_000_000, 52_428_800),),
                disks=(Disk("default", 80_049_688_576, 270_553_174_016),),
            ),
        ),
    ),
    (
        SettingView(
            "database.url", "postgresql://brokle:***@localhost:5432/brokle", "DATABASE_URL"
        ),
        SettingView("clickhouse.migrations_table", "schema_migrations", "default"),
    ),
)


def step(
    environment: str, version: str, action: Action = Action.UPGRADE, statements: int = 0
) -> Step:
    where = path(environment, version)
    text = f"CREATE TABLE {_MESSAGES[version].split()[-1]} (id UInt64) ENGINE = MergeTree"
    return Step(
        environment,
        action,
        version,
        _MESSAGES[version],
        where,
        tuple(Statement(text, Location(where, 3 * n + 1, 1)) for n in range(statements)),
    )


def plan(
    *steps: Step, operation: Operation = Operation.UP, findings: tuple[Finding, ...] = ()
) -> Plan:
    names = (POSTGRES, CLICKHOUSE)
    prints = {
        POSTGRES: snapshot(POSTGRES, PG[0]).fingerprint,
        CLICKHOUSE: snapshot(CLICKHOUSE, CH[0]).fingerprint,
    }
    return Plan(Request(operation, names), steps, prints, findings)


FINDING = Finding(
    "changed",
    Level.WARNING,
    CLICKHOUSE,
    f"{CH[0]} was edited after it was applied: {path(CLICKHOUSE, CH[0])}",
    "restore the file, and put the edit into a new revision",
)
STEPS = (
    step(POSTGRES, PG[1]),
    step(POSTGRES, PG[2]),
    step(CLICKHOUSE, CH[1], statements=3),
    step(CLICKHOUSE, CH[2], statements=1),
)
UP = plan(*STEPS)
DOWN = plan(
    step(CLICKHOUSE, CH[2], Action.DOWNGRADE, 1),
    step(POSTGRES, PG[2], Action.DOWNGRADE),
    operation=Operation.DOWN,
    findings=(FINDING,),
)
DRY_RUN = Preview(
    DOWN,
    (
        StepPreview(
            DOWN.steps[0],
            ("ALTER TABLE traces\n    DROP COLUMN metadata", "DROP TABLE spans -- for good"),
            "",
            (Lost("column", "traces.metadata"), Lost("table", "spans")),
            (TableSize("traces", 1_000_000, 52_428_800), TableSize("spans", 1, 812)),
        ),
        StepPreview(
            DOWN.steps[1],
            ("DROP INDEX ix_audit_log",),
            "reads data while it runs, so the statements from here on are known only then",
            (),
            (),
        ),
    ),
)

DONE = Report(
    UP,
    tuple(StepResult(each, StepState.APPLIED, 0.012) for each in STEPS),
    {POSTGRES: snapshot(POSTGRES, PG[2]), CLICKHOUSE: snapshot(CLICKHOUSE, *CH)},
)
BROKEN = StepFailed(
    "Code: 57. DB::Exception: Table brokle.usage already exists. (TABLE_ALREADY_EXISTS)",
    step=STEPS[2],
    statement=2,
    location=STEPS[2].statements[1].location,
    sql=STEPS[2].statements[1].text,
    hint="look at the database, put it right, then: "
    "brokle-migrate --db clickhouse force --version V",
)
FAILED = Report(
    UP,
    (
        StepResult(STEPS[0], StepState.APPLIED, 0.012),
        StepResult(STEPS[1], StepState.APPLIED, 3.4),
        StepResult(STEPS[2], StepState.FAILED),
        StepResult(STEPS[3], StepState.NOT_RUN),
    ),
    {
        POSTGRES: snapshot(POSTGRES, PG[2]),
        CLICKHOUSE: snapshot(
            CLICKHOUSE, CH[0], dirty=(Interruption(CH[1], Action.UPGRADE, 2, 3, error="exists"),)
        ),
    },
    BROKEN,
)
LOST = Report(
    UP,
    (
        StepResult(STEPS[0], StepState.ROLLED_BACK, 0.012),
        StepResult(STEPS[1], StepState.NOT_RUN),
        StepResult(STEPS[2], StepState.UNKNOWN),
        StepResult(STEPS[3], StepState.NOT_RUN),
    ),
    {POSTGRES: snapshot(POSTGRES, PG[0])},
    REFUSED,
)
UNTOUCHED = Report(
    UP,
    tuple(StepResult(each, StepState.NOT_RUN) for each in STEPS),
    {POSTGRES: snapshot(POSTGRES, PG[0]), CLICKHOUSE: snapshot(CLICKHOUSE, CH[0])},
    StepFailed('relation "projects" already exists', step=STEPS[0]),
)

CREATED = Created("20250801120000", (path(POSTGRES, PG[2]), path(CLICKHOUSE, CH[2])))
CHECKED = Checked(
    findings=(Finding("MG013", Level.WARNING, "", "is odd", "look", Location(Path("l"), 1, 1)),),
    silenced=(Silenced(Finding("MG001", Level.ERROR, CLICKHOUSE, "is wrong"), "it is meant"),),
    revisions={POSTGRES: 1},
    unverified=("nothing to look with",),
    since=Since("main", 1),
)
SEALED = Sealed(
    Path("migrations.lock"),
    (Change("edited", Entry(CLICKHOUSE, CH[2], {"up": "1"}), ("up",)),),
    12,
    (Flaw(3, "a conflict marker of git was left here"),),
)
SCHEMA = "CREATE TABLE t (a int);\n"
DUMPED = Dumped(
    (
        SchemaFile(
            POSTGRES,
            Path("schema/postgres.sql"),
            FileState.CHANGED,
            SCHEMA,
            ("t: a secret is hidden",),
        ),
        SchemaFile(CLICKHOUSE, Path("schema/clickhouse.sql"), FileState.ABSENT),
        SchemaFile(
            CLICKHOUSE,
            Path("schema/clickhouse.sql"),
            FileState.FAILED,
            error=DatabaseUnreachable(),
        ),
    ),
    written=True,
)
PRINTED = Dumped((SchemaFile(POSTGRES, None, FileState.NEW, SCHEMA),), written=False)
OBJECTS = {
    CLICKHOUSE: (
        DatabaseObject("view", "hourly", None, "DROP VIEW hourly"),
        DatabaseObject("table", "traces", 1_000_000, "DROP TABLE traces"),
    ),
    POSTGRES: (),
}

HOLDER = Holder(
    "brokle-migrate ann@build-7 pid 4711", Kind.SESSION, "20210", address="10.0.0.3", age=72.4
)
LEASE = Holder(
    "brokle-migrate ann@build-7 pid 4711", Kind.LEASE, "5f3c", age=3725.0, beat=3.0, ttl=15.0
)
HELD = LockState("db.example:5432/app", HOLDER)
LEASED = LockState("ch.example:9000/app", LEASE)
LEFT = LockState("ch.example:9000/app", replace(LEASE, beat=60.0))
FREE = LockState("db.example:5432/app")
BROKEN_LOCK = LockState("db.example:5432/app", removed=HOLDER)
NO_LOCK = LockState("")
