"""What the team's models have and the database lacks, or the other way round."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alembic.runtime.migration import MigrationContext


def unmigrated(context: MigrationContext) -> tuple[str, ...]:
    """What ``alembic check`` would find, a sentence each; nothing where there are no models.

    https://alembic.sqlalchemy.org/en/latest/autogenerate.html: ``target_metadata`` of ``env.py``
    has the models, and what it passes to ``configure()`` says what to leave out.
    """
    metadata = context.opts.get("target_metadata")
    if metadata is None:
        return ()
    from alembic.autogenerate import compare_metadata

    return tuple(_words(each) for each in _flat(compare_metadata(context, metadata)))


def _flat(found: list[Any]) -> Iterator[tuple[Any, ...]]:
    """The changes of one column come together in a list."""
    for each in found:
        if isinstance(each, list):
            yield from each
        else:
            yield each


def _words(change: tuple[Any, ...]) -> str:
    """``add column users.email``, from what ``as_diffs`` gives."""
    verb, *rest = change
    what = verb.replace("_", " ")
    if verb in {"add_column", "remove_column"}:
        _, table, column = rest
        return f"{what} {table}.{column.name}"
    if verb.startswith("modify_"):
        _, table, column, _, before, after = rest
        return f"{what} of {table}.{column}: {before} in the database, {after} in the models"
    named = rest[0]
    table = getattr(getattr(named, "table", None), "name", None)
    return " of ".join(str(each) for each in (f"{what} {named.name}", table) if each)
