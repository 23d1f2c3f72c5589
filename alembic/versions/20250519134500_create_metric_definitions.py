"""create metric definitions

Revision ID: 20250519134500
Revises: 20250428100000
Create Date: 2025-05-19 13:45:00+00:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

# Revision identifiers, read by Alembic.
revision: str = "20250519134500"
down_revision: str | None = "20250428100000"
branch_labels: str | tuple[str, ...] | None = None
depends_on: str | tuple[str, ...] | None = None

# A definition names a column of the hourly usage in ClickHouse, so that has to be there.
clickhouse_requires = "20250210104500"

metric_aggregation = postgresql.ENUM(
    "sum", "avg", "min", "max", "p50", "p95", "p99", name="metric_aggregation", create_type=False
)


def upgrade() -> None:
    """Create the metrics that people define for their dashboards and alerts."""
    op.execute(
        "CREATE TYPE metric_aggregation AS ENUM ('sum', 'avg', 'min', 'max', 'p50', 'p95', 'p99')"
    )
    op.create_table(
        "metric_definitions",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("source_column", sa.Text(), nullable=False),
        sa.Column("aggregation", metric_aggregation, nullable=False),
        sa.Column(
            "filters",
            postgresql.JSONB(),
            server_default=sa.text("'{}'"),
            nullable=False,
            comment="Labels that a row must have",
        ),
        sa.Column("unit", sa.Text(), server_default="", nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False
        ),
        sa.PrimaryKeyConstraint("id", name="pk_metric_definitions"),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["projects.id"],
            name="fk_metric_definitions_project_id_projects",
            ondelete="CASCADE",
        ),
        sa.UniqueConstraint("project_id", "name", name="uq_metric_definitions_project_id_name"),
        sa.CheckConstraint(
            "jsonb_typeof(filters) = 'object'", name="ck_metric_definitions_filters_is_object"
        ),
        comment="Metrics that are computed from the usage in ClickHouse",
    )


def downgrade() -> None:
    """Drop the metric definitions and their type."""
    op.drop_table("metric_definitions")
    op.execute("DROP TYPE metric_aggregation")
