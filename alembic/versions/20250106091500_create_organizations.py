"""create organizations

Revision ID: 20250106091500
Revises:
Create Date: 2025-01-06 09:15:00+00:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

# Revision identifiers, read by Alembic.
revision: str = "20250106091500"
down_revision: str | None = None
branch_labels: str | tuple[str, ...] | None = None
depends_on: str | tuple[str, ...] | None = None


def upgrade() -> None:
    """Create the tenants that own everything else."""
    op.create_table(
        "organizations",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False
        ),
        sa.PrimaryKeyConstraint("id", name="pk_organizations"),
        sa.CheckConstraint("btrim(name) <> ''", name="ck_organizations_name_not_blank"),
    )


def downgrade() -> None:
    """Drop the organizations."""
    op.drop_table("organizations")
