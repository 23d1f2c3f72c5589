"""This repository's own ``migrations.lock``."""

from __future__ import annotations

from pathlib import Path

from brokle_migrate import load
from brokle_migrate.checking import check

ROOT = Path(__file__).resolve().parents[2]


def test_it_has_what_the_files_say() -> None:
    config = load(directory=ROOT, environ={})
    assert config.lock_file == ROOT / "migrations.lock"
    assert config.lock_file.exists()
    found = check(config, ("postgres", "clickhouse")).findings
    assert not found, "after a change that is meant: brokle-migrate check --update-lock"
