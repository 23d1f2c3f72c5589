"""The key of golang-migrate's lock."""

from __future__ import annotations

from brokle_migrate.locks.golang_migrate import lock_ids


def test_a_url_and_a_program_have_different_keys() -> None:
    assert lock_ids("public", "schema_migrations", "brokle") == (523094094, 16332706)
