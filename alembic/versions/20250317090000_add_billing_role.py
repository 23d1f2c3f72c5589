"""add the billing role

Revision ID: 20250317090000
Revises: 20250303111000
Create Date: 2025-03-17 09:00:00+00:00
"""

from __future__ import annotations

from alembic import op

# Revision identifiers, read by Alembic.
revision: str = "20250317090000"
down_revision: str | None = "20250303111000"
branch_labels: str | tuple[str, ...] | None = None
depends_on: str | tuple[str, ...] | None = None

TABLES_WITH_A_ROLE = ("memberships", "invitations")


def upgrade() -> None:
    """Let people see budgets and invoices without being an administrator."""
    # A new value can't be used in the transaction that adds it, and before Postgres 12 it
    # can't be added in one at all.
    with op.get_context().autocommit_block():
        op.execute("ALTER TYPE member_role ADD VALUE IF NOT EXISTS 'billing' BEFORE 'viewer'")


def downgrade() -> None:
    """Make the type anew without the value; whoever had it becomes a viewer."""
    op.execute("ALTER TYPE member_role RENAME TO member_role_with_billing")
    op.execute("CREATE TYPE member_role AS ENUM ('owner', 'admin', 'developer', 'viewer')")
    for table in TABLES_WITH_A_ROLE:
        op.execute(f"ALTER TABLE {table} ALTER COLUMN role DROP DEFAULT")
        op.execute(
            f"ALTER TABLE {table} ALTER COLUMN role TYPE member_role USING "
            "CAST(replace(CAST(role AS text), 'billing', 'viewer') AS member_role)"
        )
        op.execute(f"ALTER TABLE {table} ALTER COLUMN role SET DEFAULT 'viewer'")
    op.execute("DROP TYPE member_role_with_billing")
