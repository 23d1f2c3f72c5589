"""The text of a new project's files: Alembic's own generic template, and ours for ClickHouse."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from ..config.alembic_files import TEMPLATE_URL

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

CLICKHOUSE_FILES = ("env.py", "script.up.sql.mako", "script.down.sql.mako")
POSTGRES_FILES = ("env.py", "script.py.mako")


def alembic_file(name: str) -> bytes:
    """A file of Alembic's generic template."""
    return (_alembic() / name).read_bytes()


def alembic_ini(script_location: str, *, embedded: bool) -> str:
    """A new alembic.ini, as ``alembic init`` writes it.

    :param script_location: where the revisions are, as it is written there.
    :param embedded: with the URL of an embedded Postgres in the place of the template's.
    """
    from mako.template import Template

    template = Template(filename=str(_alembic() / "alembic.ini.mako"))
    text = str(template.render_unicode(script_location=script_location))
    if not embedded:
        return text
    url = (_own() / "postgres_url.ini").read_text("utf-8").rstrip("\n")
    return text.replace(f"sqlalchemy.url = {TEMPLATE_URL}", url)


def clickhouse_file(name: str) -> bytes:
    """A file of a new ClickHouse directory."""
    return (_own() / "clickhouse" / name).read_bytes()


def clickhouse_section(kind: str, script_location: str, url: str | None) -> str:
    """Our section of the file that configures Alembic.

    :param kind: ``ini`` or ``toml``.
    :param script_location: where the pairs are, as it is written there.
    :param url: likewise; None leaves it out.
    """
    from mako.template import Template

    source = (_own() / f"clickhouse.{kind}").read_text("utf-8")
    return str(Template(source).render_unicode(script_location=script_location, url=url))


def _own() -> Traversable:
    return resources.files(__package__) / "files"


def _alembic() -> Path:
    from alembic.config import Config

    return Path(Config().get_template_directory()) / "generic"
