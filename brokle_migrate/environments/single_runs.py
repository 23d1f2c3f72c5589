"""Running ``env.py`` several times in one process, for one database: what Alembic does not expect.

``alembic`` runs it once and ends.  Here it is run to look, to migrate, and to look again.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from ..errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from alembic.runtime.migration import MigrationContext, MigrationStep

    Work = Callable[[tuple[str, ...], MigrationContext], Iterable[MigrationStep]]


def once(work: Work, env_py: Path) -> Work:
    """The same work, for an ``env.py`` that calls ``run_migrations`` once.

    Each call is a history of its own: Alembic's template ``multidb`` has one for each database, and
    others have one for each schema.

    :raises ConfigError: it is called again; nobody has migrated anything by then, because looking
        comes first.
    """
    called = False

    def guarded(heads: tuple[str, ...], context: MigrationContext) -> Iterable[MigrationStep]:
        nonlocal called
        if called:
            raise ConfigError(
                f"{env_py} runs the migrations more than once, for several databases or schemas; "
                "brokle-migrate keeps one Postgres history, in one database",
                hint="let env.py take one of them, chosen by -x or -n; or leave them to Alembic: "
                "brokle-migrate postgres upgrade head",
            )
        called = True
        return work(heads, context)

    return guarded


@contextmanager
def own_plugins() -> Iterator[None]:
    """Let ``env.py`` register its plugins anew each time, which Alembic refuses as a mistake.

    https://alembic.sqlalchemy.org/en/latest/api/plugins.html, "Plugin.setup_plugin_from_module".
    """
    from alembic.runtime import plugins

    registered = plugins._all_plugins  # noqa: SLF001 - has no public name
    before = dict(registered)
    try:
        yield
    finally:
        registered.clear()
        registered.update(before)
