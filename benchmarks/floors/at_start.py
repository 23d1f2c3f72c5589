"""What an application calls when it starts, on databases that are at head: seconds a call.

Arguments: ``ours`` or ``alembic``, and how many calls; in the directory of a project.  Prints the
median.
"""

import io
import logging
import os
import statistics
import sys
import time
from collections.abc import Callable


def ours() -> Callable[[], object]:
    """``auto_migrate``, over both databases."""
    from brokle_migrate import auto_migrate

    os.environ["DB_AUTO_MIGRATE"] = "true"
    return auto_migrate


def alembic() -> Callable[[], object]:
    """Alembic's ``current`` in process, over Postgres alone."""
    from alembic import command
    from alembic.config import Config

    logging.disable(logging.INFO)
    return lambda: command.current(Config("alembic.ini", stdout=io.StringIO()))


def main(which: str, calls: int) -> None:
    """Measure each call by itself."""
    call = {"ours": ours, "alembic": alembic}[which]()
    call()  # imports, byte code
    seconds = []
    for _ in range(calls):
        began = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - began)
    print(statistics.median(seconds))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
