"""Proposals as literals: what a reviewer may be given to read."""

from __future__ import annotations

from dataclasses import replace

from brokle_migrate.model import CLICKHOUSE, POSTGRES
from brokle_migrate.proposal import (
    Asked,
    Directive,
    Loss,
    Made,
    Proposal,
    ProposedDatabase,
    ProposedFinding,
    ProposedStep,
    ScriptFile,
    Size,
)

HOSTILE = "</pre><script>document.title='owned'</script> & \"|` _x_ \x1b[31m \u202eevil"
RECORD = "UPDATE alembic_version SET version_num='2' WHERE alembic_version.version_num = '1'"
EVENTS = Size("events", 1_204_332_907, 341 * 1024**3)
USERS = Size("users", 4711, 1_300_000)


def step(environment: str, revision: str, *statements: str, **fields: object) -> ProposedStep:
    """A step; what is left out is as unremarkable as can be."""
    directory = "alembic" if environment == POSTGRES else "migrations_clickhouse"
    suffix = ".py" if environment == POSTGRES else ".up.sql"
    path = f"{directory}/versions/{revision}_change{suffix}"
    plain = ProposedStep(
        environment=environment,
        action="upgrade",
        revision=revision,
        message=f"change {revision}",
        path=path,
        files=(ScriptFile(path, "ab" * 32),),
        requires=(),
        statements=statements,
        directives=(),
        note="",
        destroys=(),
        touches=(),
        no_way_back="",
    )
    return replace(plain, **fields)  # type: ignore[arg-type]


def proposal(*steps: ProposedStep, **fields: object) -> Proposal:
    """A plan of these steps, for two databases."""
    plain = Proposal(
        made=Made("2026-11-25T09:30:00Z", "ann@build-7", "1.2.3"),
        asked=Asked("up", (POSTGRES, CLICKHOUSE), None, False, "stop", False),
        databases=(
            ProposedDatabase(
                POSTGRES, "postgres://db.example:5432/app", "f1", ("1",), ("20250101000000",), ()
            ),
            ProposedDatabase(
                CLICKHOUSE, "clickhouse://ch.example:8123/app", "f2", ("1", "2"), ("2",), ()
            ),
        ),
        steps=steps,
        findings=(),
    )
    return replace(plain, **fields)  # type: ignore[arg-type]


def destructive() -> Proposal:
    """A column and rows that go, a step without a way back, one that is not known in full."""
    return proposal(
        step(
            POSTGRES,
            "20250601090000",
            "BEGIN",
            "ALTER TABLE users DROP COLUMN legacy_token",
            "CREATE UNIQUE INDEX users_email ON users (lower(email))",
            RECORD,
            "COMMIT",
            message="drop the legacy token",
            destroys=(Loss("column", "users.legacy_token", "drops column users.legacy_token"),),
            touches=(USERS,),
        ),
        step(
            POSTGRES,
            "20250602090000",
            "BEGIN",
            "SELECT id, slug FROM projects WHERE slug IS NULL",
            RECORD,
            "COMMIT",
            message="back-fill slugs",
            note="can't run without the database (it reads data, or refuses): what else it does is"
            " known only when it runs (AttributeError: 'NoneType' object has no attribute 'all')",
            touches=(Size("projects", 88, 40_960),),
        ),
        step(
            CLICKHOUSE,
            "20250601093000",
            "ALTER TABLE events DELETE WHERE at < '2024-01-01'",
            "ALTER TABLE events\n    DROP COLUMN payload,\n    ADD COLUMN kind String DEFAULT ''",
            "CREATE TABLE events_by_kind (kind String, n UInt64)\nENGINE = SummingMergeTree\n"
            "ORDER BY kind",
            "INSERT INTO events_by_kind SELECT kind, count() FROM events GROUP BY kind",
            "ALTER TABLE events UPDATE kind = lower(kind) WHERE kind != ''",
            message="forget old events, count by kind",
            requires=("postgres@20250601090000", "postgres@20250101000000"),
            destroys=(
                Loss("rows", "events", "deletes rows of events"),
                Loss("column", "events.payload", "drops column events.payload"),
            ),
            directives=(
                Directive(1, (), None, wait=False),
                Directive(4, ("max_memory_usage = 20000000000",), 1800.0, wait=True),
            ),
            touches=(EVENTS,),
            no_way_back="the events are gone",
        ),
        findings=(
            ProposedFinding(
                "CH004",
                "error",
                CLICKHOUSE,
                "a mutation rewrites every part of events",
                "delete by partition",
                "migrations_clickhouse/versions/20250601093000_change.up.sql:1:1",
            ),
            ProposedFinding(
                "not_replicated",
                "warning",
                CLICKHOUSE,
                "the table's engine is SummingMergeTree: each server keeps rows of its own",
                "write ENGINE = ${replicated}SummingMergeTree",
                "migrations_clickhouse/versions/20250601093000_change.up.sql:6:1",
            ),
            ProposedFinding("invalid_index", "info", POSTGRES, "an index is invalid", "", ""),
        ),
    )


def long(count: int = 200) -> Proposal:
    """More steps than anybody reads at once, and a statement that ends nowhere."""
    columns = ",\n".join(f"    column_with_a_long_name_{n} Nullable(String)" for n in range(300))
    wide = "INSERT INTO t0 VALUES " + ", ".join(f"({n}, 'value number {n}')" for n in range(900))
    steps = [
        step(
            (POSTGRES, CLICKHOUSE)[number % 2],
            f"2025{number:010}",
            f"CREATE TABLE t{number} (id int)",
            f"ALTER TABLE t{number} ADD COLUMN note text",
        )
        for number in range(count - 2)
    ]
    huge = step(CLICKHOUSE, "20269", f"CREATE TABLE huge (\n{columns}\n) ENGINE = Log", wide)
    word = step(CLICKHOUSE, "20270", "SELECT '" + "x" * 5000 + "'", message="m" * 300)
    return proposal(*steps, huge, word)


def hostile() -> Proposal:
    """Names that want to be markup, in every place that is not ours."""
    bad = step(
        CLICKHOUSE,
        HOSTILE,
        f"CREATE TABLE `{HOSTILE}` (x Int8) -- ```\n{HOSTILE}",
        message=HOSTILE,
        path=HOSTILE,
        files=(ScriptFile(HOSTILE, "00"),),
        requires=(f"postgres@{HOSTILE}",),
        note=HOSTILE,
        no_way_back=HOSTILE,
        destroys=(Loss(HOSTILE, HOSTILE, HOSTILE),),
        touches=(Size(HOSTILE, 1, 1),),
        directives=(Directive(1, (HOSTILE,), 1.0, wait=False),),
    )
    database = ProposedDatabase(CLICKHOUSE, HOSTILE, "f", (HOSTILE,), (HOSTILE,), (HOSTILE,))
    return proposal(
        bad,
        made=Made(HOSTILE, HOSTILE, HOSTILE),
        databases=(database,),
        findings=(ProposedFinding(*[HOSTILE] * 6),),
    )


PROPOSALS = {
    "destructive": destructive,
    "long": long,
    "hostile": hostile,
    "nothing": proposal,
}
