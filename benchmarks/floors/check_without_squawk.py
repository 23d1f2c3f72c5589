"""``brokle-migrate check`` as where squawk is not installed."""

import sys

from brokle_migrate.__main__ import main
from brokle_migrate.environments import squawk


def nowhere() -> str | None:
    """Where squawk is."""
    return None


if __name__ == "__main__":
    squawk.program = nowhere
    sys.exit(main(["check"]))
