"""track updates

Revision ID: 20250609091500
Revises: 20250519134500
Create Date: 2025-06-09 09:15:00+00:00
"""

# migrate: allow squawk/constraint-missing-not-valid because projects and api_keys are small

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

# Revision identifiers, read by Alembic.
revision: str = "20250609091500"
down_revision: str | None = "20250519134500"
branch_labels: str | tuple[str, ...] | None = None
depends_on: str | tuple[str, ...] | None = None

TABLES = ("organizations", "projects", "budgets", "metric_definitions")


def upgrade() -> None:
    """Keep when a row was last changed, refuse impossible values, and show the usable keys."""
    op.execute(
        """
        CREATE FUNCTION touch_updated_at() RETURNS trigger
        LANGUAGE plpgsql
        AS $$
        BEGIN
            -- Written by the database; nobody has to think of it.
            NEW.updated_at = now();
            RETURN NEW;
        END;
        $$
        """
    )
    for table in TABLES:
        op.add_column(
            table,
            sa.Column(
                "updated_at",
                sa.DateTime(timezone=True),
                server_default=sa.func.now(),
                nullable=False,
            ),
        )
        op.execute(
            f"CREATE TRIGGER tr_{table}_touch_updated_at BEFORE UPDATE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION touch_updated_at()"
        )
    op.create_check_constraint(
        "ck_projects_retention_days_range", "projects", "retention_days BETWEEN 1 AND 3650"
    )
    op.create_check_constraint(
        "ck_api_keys_expires_after_creation", "api_keys", "expires_at > created_at"
    )
    op.execute(
        """
        CREATE VIEW usable_api_keys AS
        SELECT k.id, k.prefix, k.key_hash, k.project_id, p.organization_id
        FROM api_keys k
        JOIN projects p ON p.id = k.project_id
        WHERE k.revoked_at IS NULL
          AND p.archived_at IS NULL
          AND (k.expires_at IS NULL OR k.expires_at > now())
        """
    )


def downgrade() -> None:
    """Take all of it away again, the last thing first."""
    op.execute("DROP VIEW usable_api_keys")
    op.drop_constraint("ck_api_keys_expires_after_creation", "api_keys", type_="check")
    op.drop_constraint("ck_projects_retention_days_range", "projects", type_="check")
    for table in reversed(TABLES):
        op.execute(f"DROP TRIGGER tr_{table}_touch_updated_at ON {table}")
        op.drop_column(table, "updated_at")
    op.execute("DROP FUNCTION touch_updated_at()")
