"""create projects

Revision ID: 20250113083000
Revises: 20250106102000
Create Date: 2025-01-13 08:30:00+00:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

# Revision identifiers, read by Alembic.
revision: str = "20250113083000"
down_revision: str | None = "20250106102000"
branch_labels: str | tuple[str, ...] | None = None
depends_on: str | tuple[str, ...] | None = None


def upgrade() -> None:
    """Create the projects: what traces, spans, metrics and logs are sent to."""
    op.create_table(
        "projects",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.Column("retention_days", sa.Integer(), server_default="90", nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False
        ),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_projects"),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name="fk_projects_organization_id_organizations",
            ondelete="CASCADE",
        ),
        sa.UniqueConstraint("organization_id", "name", name="uq_projects_organization_id_name"),
    )


def downgrade() -> None:
    """Drop the projects."""
    op.drop_table("projects")
