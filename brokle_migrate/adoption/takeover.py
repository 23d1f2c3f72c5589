"""Taking over golang-migrate's history: files, then records, under its lock and ours.

Every step leaves what a second attempt recognises, so that adopting again finishes what was cut
off: a file that is there with the same content, a table under its new name, a version on record.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

from .. import migrating
from ..errors import ConfigError, StalePlan
from ..locks import NoLock, Wait
from ..model import CLICKHOUSE, POSTGRES, Operation, Request
from ..replacing import replace_file
from ..runner import run as run_plan
from .survey import survey

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ..config import Config
    from ..environments import Environments
    from ..environments.clickhouse import ClickHouseEnvironment
    from ..environments.postgres import PostgresEnvironment
    from ..events import Emit
    from ..locks import Lock
    from ..model import Limits, Report
    from .values import Adoption


def write_files(adoption: Adoption) -> None:
    """Write what is missing, each file as a whole, oldest revision first.

    :raises ConfigError: one can't be written; adopting again goes on there.
    """
    for file in adoption.files:
        try:
            file.path.parent.mkdir(parents=True, exist_ok=True)
            replace_file(file.path, file.text.encode())
        except OSError as error:
            raise ConfigError(f"can't write {file.path}: {error.strerror}") from error


def take_over(
    adoption: Adoption,
    config: Config,
    environments: Environments,
    *,
    emit: Emit,
    waiting: Callable[[str], None],
    tell: Callable[[str], None],
    lock_timeout: float,
    limits: Limits,
) -> Report | None:
    """Record what golang-migrate has applied, and read it back.

    :param adoption: what was shown, its files written.
    :param config: read after that, as the environments were opened after it.
    :return: what was recorded; None where nothing had to be.
    :raises LockHeld: golang-migrate, or another run, was at work for too long.
    :raises StalePlan: something has changed; nothing was recorded.
    """
    lock = environments.lock(lock_timeout, waiting)
    wait = Wait(lock.where, lock_timeout, waiting)
    with lock, _golang_migrate_locked(adoption, environments, wait):
        _require_fresh(adoption, config, environments)
        for each in adoption.databases:
            if each.rename is not None:
                clickhouse = cast("ClickHouseEnvironment", environments[CLICKHOUSE])
                predecessor = clickhouse.predecessor()
                assert predecessor is not None  # it was read a moment ago
                predecessor.put_aside(each.rename[0])
        if not adoption.records:
            return None
        request = Request(Operation.FORCE, tuple(adoption.records), destinations=adoption.records)
        plan = migrating.plan(request, environments)
        return run_plan(plan, environments, _Held(lock), emit, tell, limits)


@contextmanager
def _golang_migrate_locked(
    adoption: Adoption, environments: Environments, wait: Wait
) -> Iterator[None]:
    from ..locks.golang_migrate import golang_migrate_locked

    names = {each.environment for each in adoption.databases}
    url = cast("PostgresEnvironment", environments[POSTGRES]).url if POSTGRES in names else None
    if url is None:
        yield
        return
    with golang_migrate_locked(url, adoption.table, wait):
        yield


def _require_fresh(adoption: Adoption, config: Config, environments: Environments) -> None:
    directories = {each.environment: each.directory for each in adoption.databases}
    now = survey(config, environments, directories, adoption.table)
    if now.files or now.databases != adoption.databases:
        raise StalePlan(
            "files or version tables have changed since they were looked at; nothing was recorded",
            hint="adopt again: what is done already is left alone",
        )


class _Held(NoLock):
    """Our lock, which somebody further up has taken and will give back."""

    def __init__(self, lock: Lock) -> None:
        self._lock = lock
        self.where = lock.where
        self.warning = lock.warning

    def check(self) -> None:
        """Make sure that it is still held."""
        self._lock.check()
