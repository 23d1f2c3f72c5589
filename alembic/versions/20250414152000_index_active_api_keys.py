"""index the active api keys

Revision ID: 20250414152000
Revises: 20250317090000
Create Date: 2025-04-14 15:20:00+00:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

# Revision identifiers, read by Alembic.
revision: str = "20250414152000"
down_revision: str | None = "20250317090000"
branch_labels: str | tuple[str, ...] | None = None
depends_on: str | tuple[str, ...] | None = None

INDEX = "ix_api_keys_project_id_last_used_at_active"


def upgrade() -> None:
    """Find the keys of a project that nobody uses any more, without blocking the others."""
    with op.get_context().autocommit_block():
        # A build that was interrupted leaves an invalid index under this name.
        op.drop_index(INDEX, "api_keys", if_exists=True, postgresql_concurrently=True)
        op.create_index(
            INDEX,
            "api_keys",
            ["project_id", sa.text("last_used_at DESC NULLS LAST")],
            if_not_exists=True,
            postgresql_concurrently=True,
            postgresql_where=sa.text("revoked_at IS NULL"),
        )


def downgrade() -> None:
    """Drop the index, without blocking either."""
    with op.get_context().autocommit_block():
        op.drop_index(INDEX, "api_keys", if_exists=True, postgresql_concurrently=True)
