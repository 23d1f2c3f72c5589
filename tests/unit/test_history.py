"""Set arithmetic and Alembic's grammar over both kinds of history."""

from __future__ import annotations

import pytest

from brokle_migrate.errors import AmbiguousRevision, MultipleHeads, UnknownRevision

from .scenarios import clickhouse, postgres


def ids(revisions: tuple) -> str:
    return " ".join(revision.id for revision in revisions)


@pytest.mark.parametrize(
    ("files", "applied", "pending", "out_of_order", "ahead"),
    [
        ("1 2 3", "", "1 2 3", "", ""),
        ("1 2 3", "1", "2 3", "", ""),
        ("1 2 3", "1 2 3", "", "", ""),
        ("1 2 3", "1 3", "", "2", ""),
        ("1 2 3 4", "1 3", "4", "2", ""),
        ("1 2", "1 2 7", "", "", "7"),
        ("1 2 3", "1 2 7", "", "3", "7"),
        ("", "", "", "", ""),
        ("9 10 11", "9", "10 11", "", ""),
    ],
)
def test_a_chain_is_classified_by_the_set_of_applied_versions(
    files: str, applied: str, pending: str, out_of_order: str, ahead: str
) -> None:
    history = clickhouse(files, applied)
    assert ids(history.pending) == pending
    assert ids(history.out_of_order) == out_of_order
    assert " ".join(history.ahead) == ahead


@pytest.mark.parametrize(
    ("files", "tips", "applied", "pending"),
    [
        ("a b c", "", "", "a b c"),
        ("a b c", "b", "a b", "c"),
        ("a b<a c<a d<b,c", "b c", "a b c", "d"),
        ("a b<a c<a d<b,c", "d", "a b c d", ""),
    ],
)
def test_postgres_tips_stand_for_all_their_ancestors(
    files: str, tips: str, applied: str, pending: str
) -> None:
    history = postgres(files, tips)
    assert history.applied == set(applied.split())
    assert ids(history.pending) == pending


@pytest.mark.parametrize(
    ("destination", "expected"),
    [("head", "3"), ("base", "base"), ("0", "base"), ("2", "2"), ("002", "2"), ("1+1", "2")],
)
def test_destinations_resolve_in_a_chain(destination: str, expected: str) -> None:
    assert clickhouse("1 2 3").resolve(destination) == expected


def test_a_unique_prefix_is_enough() -> None:
    history = clickhouse("20250101000000 20250202000000")
    assert history.resolve("202502") == "20250202000000"
    with pytest.raises(AmbiguousRevision, match="Multiple revisions start"):
        history.resolve("2025")


def test_an_unknown_revision_names_the_nearest() -> None:
    with pytest.raises(UnknownRevision) as raised:
        clickhouse("20250101000000").resolve("20250101000001")
    assert "did you mean 20250101000000?" in str(raised.value.hint)


@pytest.mark.parametrize(
    ("applied", "destination", "path"),
    [("", "head", "1 2 3"), ("1", "+1", "2"), ("1", "3", "2 3"), ("1 2 3", "head", "")],
)
def test_the_way_up(applied: str, destination: str, path: str) -> None:
    assert ids(clickhouse("1 2 3", applied).upgrade_path(destination)) == path


@pytest.mark.parametrize(
    ("applied", "destination", "path"),
    [("1 2 3", "base", "3 2 1"), ("1 2 3", "-1", "3"), ("1 3", "base", "3 1"), ("", "base", "")],
)
def test_the_way_down_skips_what_was_never_applied(
    applied: str, destination: str, path: str
) -> None:
    assert ids(clickhouse("1 2 3", applied).downgrade_path(destination)) == path


def test_two_heads_are_named_with_what_to_type() -> None:
    history = postgres("a b<a c<a")
    with pytest.raises(MultipleHeads, match="2 heads: b, c") as raised:
        history.require_one_head()
    assert "alembic merge" in str(raised.value.hint)
    with pytest.raises(MultipleHeads):
        history.resolve("head")


def test_without_takes_revisions_away_from_what_is_applied() -> None:
    assert postgres("a b c", "c").without({"c", "b"}).applied == {"a"}
    assert clickhouse("1 2 3", "1 2 3").without({"3"}).applied == {"1", "2"}


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("20250115000000", "20250101000000"),
        ("20240101000000", "base"),
        ("20250201000000", "20250201000000"),
    ],
)
def test_the_newest_up_to_a_version(version: str, expected: str) -> None:
    assert clickhouse("20250101000000 20250201000000").newest_up_to(version) == expected
