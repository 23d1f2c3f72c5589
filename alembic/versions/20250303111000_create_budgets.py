"""create budgets

Revision ID: 20250303111000
Revises: 20250203094500
Create Date: 2025-03-03 11:10:00+00:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

# Revision identifiers, read by Alembic.
revision: str = "20250303111000"
down_revision: str | None = "20250203094500"
branch_labels: str | tuple[str, ...] | None = None
depends_on: str | tuple[str, ...] | None = None

budget_period = postgresql.ENUM("day", "week", "month", name="budget_period", create_type=False)


def upgrade() -> None:
    """Create what a project may spend in a period, and when to warn about it."""
    op.execute("CREATE TYPE budget_period AS ENUM ('day', 'week', 'month')")
    op.create_table(
        "budgets",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("period", budget_period, nullable=False),
        sa.Column("limit_usd", sa.Numeric(12, 4), nullable=False),
        sa.Column("warn_at_percent", sa.SmallInteger(), server_default="80", nullable=False),
        sa.Column("blocks_requests", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False
        ),
        sa.PrimaryKeyConstraint("id", name="pk_budgets"),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["projects.id"],
            name="fk_budgets_project_id_projects",
            ondelete="CASCADE",
        ),
        sa.UniqueConstraint("project_id", "period", name="uq_budgets_project_id_period"),
        sa.CheckConstraint("limit_usd > 0", name="ck_budgets_limit_is_positive"),
        sa.CheckConstraint(
            "warn_at_percent BETWEEN 1 AND 100", name="ck_budgets_warn_at_percent_range"
        ),
    )


def downgrade() -> None:
    """Drop the budgets and their type."""
    op.drop_table("budgets")
    op.execute("DROP TYPE budget_period")
