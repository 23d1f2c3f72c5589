"""Each command line of Alembic's tutorial and cookbook, with Alembic and with ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.alembic_twin import Twin
from tests.support.project import Project

if TYPE_CHECKING:
    from pathlib import Path

A, B, C, D = "20240101000000", "20240215000000", "20250320000000", "20250405000000"

SESSIONS = {
    "tutorial": [
        "current",
        "heads",
        "upgrade head",
        "current",
        "history",
        "downgrade base",
        "current",
        "history --verbose",
        "upgrade +2",
        "current --verbose",
        "downgrade -1",
        "upgrade 202402",
        "upgrade 20240215+2",
        "upgrade 20240215+1",
        "downgrade 20250320",
        "downgrade 20250405-2",
        f"history -r{A}:{C}",
        f"history -r {A[:8]}:{B[:8]}",
        "history -r-3:current",
        f"history -r{B}:",
        f"history -r:{B}",
        f"history --rev-range {B}:current",
        "history -rcurrent:",
        "history -r current:head",
        "history -r-2:",
        "history -i",
        "history --indicate-current -v",
        "history -r-1:current -i",
    ],
    "options of the program": [
        "-x tenant=one upgrade +1",
        "-x tenant=one -x dry upgrade +1",
        "-q current",
        "--quiet history",
        "-n alembic current",
        "--raiseerr heads",
        "ensure_version",
        "current",
    ],
    "looking": [
        "heads --verbose",
        "heads -v --resolve-dependencies",
        "branches",
        "branches --verbose",
        "show head",
        "show heads",
        "show base",
        f"show {A}",
        "show 20250320",
        "show current",
        "stamp head",
        "show current",
        "current -v",
        "current --check-heads",
        "current -c",
    ],
    "stamping": [
        "stamp head",
        "current",
        f"stamp {B}",
        "current --verbose",
        "stamp --purge head",
        "current",
        "stamp base",
        "current",
        f"stamp --purge {A}",
        "history -i",
        "stamp heads",
        f"stamp {D[:8]}",
        "stamp --tag release head",
        f"stamp {B}",
        "stamp +1",
        "current",
        f"stamp {B} {B}",
        "stamp -1",
        "stamp head --sql",
        f"stamp {A}:{C} --sql",
        f"stamp {C}:base --sql",
    ],
    "offline": [
        "upgrade head --sql",
        f"upgrade {A}:head --sql",
        f"upgrade {A}:{C} --sql",
        f"upgrade {B[:8]}:+1 --sql",
        "upgrade base:head --sql",
        "upgrade +2 --sql",
        f"downgrade {D}:{B} --sql",
        "downgrade head:base --sql",
        "downgrade head:-1 --sql",
        "upgrade heads --sql --tag x",
        "current",
    ],
    "going nowhere": [
        "upgrade head",
        "upgrade head",
        f"upgrade {A}",
        f"downgrade {D}",
        "downgrade base",
        "downgrade base",
    ],
    "failing": [
        "upgrade ffff",
        "upgrade 99",
        "upgrade 2024",
        "upgrade +9",
        "downgrade -1",
        "stamp 77",
        "show 77",
        "history -r 1",
        f"history -r 77:{A}",
        f"upgrade {A}:{B}",
        f"downgrade {B}:{A}",
        "downgrade base --sql",
        "current --check-heads",
        f"upgrade {A}",
        "current -c",
        f"downgrade {C}",
        "downgrade -2",
        "edit 77",
    ],
    "writing": [
        'revision -m "add a table" --rev-id 20990101000000',
        "heads",
        f'revision --message "another one" --rev-id 20990102000000 --head {"20990101000000"[:10]}',
        "history",
        "revision -m x --rev-id 20990103000000 --sql",
    ],
}


@pytest.fixture
def twin(tmp_path: Path, clickhouse_url: str) -> Twin:
    """Four revisions in both."""
    found = Twin(tmp_path / "twin", Project(tmp_path / "project", None, clickhouse_url))
    for version, message in (
        (A, "create account table"),
        (B, "add a column"),
        (C, "add index"),
        (D, "create address table"),
    ):
        found.add(version, message)
    return found


@pytest.mark.parametrize("name", SESSIONS)
def test_the_same_line_says_the_same(twin: Twin, name: str) -> None:
    different = []
    for line in SESSIONS[name]:
        theirs, ours = twin.alembic(line), twin.ours(line)
        if theirs != ours:
            different.append((line, theirs, ours))
    assert not different, "\n".join(f"{line}:\n  {t}\n  {o}" for line, t, o in different)
