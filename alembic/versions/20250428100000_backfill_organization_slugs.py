"""back-fill organization slugs

Revision ID: 20250428100000
Revises: 20250414152000
Create Date: 2025-04-28 10:00:00+00:00
"""

# migrate: allow PG004 because it makes the slugs of the organizations that are there

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

import sqlalchemy as sa
from alembic import op

if TYPE_CHECKING:
    from collections.abc import Container

# Revision identifiers, read by Alembic.
revision: str = "20250428100000"
down_revision: str | None = "20250414152000"
branch_labels: str | tuple[str, ...] | None = None
depends_on: str | tuple[str, ...] | None = None

MAX_LENGTH = 48

organizations = sa.table(
    "organizations",
    sa.column("id", sa.Uuid()),
    sa.column("name", sa.Text()),
    sa.column("slug", sa.Text()),
    sa.column("created_at", sa.DateTime(timezone=True)),
)


def upgrade() -> None:
    """Give every organization a slug made from its name; the oldest choose first."""
    op.add_column("organizations", sa.Column("slug", sa.Text(), nullable=True))
    bind = op.get_bind()
    rows = bind.execute(
        sa.select(organizations.c.id, organizations.c.name).order_by(
            organizations.c.created_at, organizations.c.id
        )
    ).all()
    taken: set[str] = set()
    for row in rows:
        slug = free_slug(row.name, taken)
        taken.add(slug)
        bind.execute(sa.update(organizations).where(organizations.c.id == row.id).values(slug=slug))
    op.alter_column("organizations", "slug", existing_type=sa.Text(), nullable=False)
    op.create_unique_constraint("uq_organizations_slug", "organizations", ["slug"])
    op.create_check_constraint(
        "ck_organizations_slug_format", "organizations", "slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'"
    )


def downgrade() -> None:
    """Drop the slugs; the names that they were made from are as they were."""
    op.drop_constraint("ck_organizations_slug_format", "organizations", type_="check")
    op.drop_constraint("uq_organizations_slug", "organizations", type_="unique")
    op.drop_column("organizations", "slug")


def free_slug(name: str, taken: Container[str]) -> str:
    """The first of ``acme``, ``acme-2``, ``acme-3`` … that nobody has."""
    ascii_name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    words = re.findall("[a-z0-9]+", ascii_name.lower())
    base = "-".join(words)[:MAX_LENGTH].strip("-") or "organization"
    slug, number = base, 1
    while slug in taken:
        number += 1
        slug = f"{base}-{number}"
    return slug
