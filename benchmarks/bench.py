"""What every group of rows needs: servers, projects, effort, a way to run contests."""

from __future__ import annotations

import itertools
import shutil
import sys
import tempfile
import time
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self, TypeVar

from .measure import Effort, Launcher, contest
from .projects import History
from .rows import compare
from .servers import ModernServer, NativeServer, Postgres, debian_server_installed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from .measure import Sample
    from .rows import Comparison, Row
    from .servers import ClickHouse

QUICK = Effort(seconds=3.0, least=1, most=5)
USUAL = Effort(seconds=10.0, least=3, most=15)


Server = TypeVar("Server", Postgres, ModernServer, NativeServer)


class Bench:
    """One run of benchmarks.

    :param sizes: revisions per database, instead of the usual ones.
    :param native: False keeps away from an installed ClickHouse server.
    :ivar servers: which were started.
    """

    def __init__(
        self, *, quick: bool = False, sizes: tuple[int, ...] = (), native: bool = True
    ) -> None:
        self.quick = quick
        self._sizes = sizes
        self._native = native and debian_server_installed()
        self._effort = QUICK if quick else USUAL
        self._names = (f"bench_{number}" for number in itertools.count(1))
        self._stack = ExitStack()
        self.servers: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @cached_property
    def scratch(self) -> Path:
        """A directory that is removed at the end: short, for sockets; not private, for servers."""
        path = Path(tempfile.mkdtemp(prefix="bench-"))
        path.chmod(0o755)
        self._stack.callback(shutil.rmtree, path, ignore_errors=True)
        return path

    @cached_property
    def launcher(self) -> Launcher:
        """What runs the commands."""
        return self._stack.enter_context(Launcher(self.scratch))

    @cached_property
    def postgres(self) -> Postgres:
        """The Postgres server."""
        return self._started(Postgres(self.scratch / "pg"))

    @cached_property
    def modern(self) -> ClickHouse:
        """The ClickHouse that every tool can work on."""
        return self._started(ModernServer(self.scratch / "gateway"))

    @cached_property
    def clickhouse(self) -> ClickHouse:
        """The ClickHouse of most rows: a real server where one is installed."""
        if not self._native:
            return self.modern
        return self._started(NativeServer(self.scratch / "server"))

    @property
    def clickhouses(self) -> tuple[ClickHouse, ...]:
        """Every kind there is."""
        return tuple(dict.fromkeys((self.clickhouse, self.modern)))

    def _started(self, server: Server) -> Server:
        self._stack.callback(server.remove)
        self.servers.append(server.label)
        return server

    def sizes(self, *usual: int, quick: tuple[int, ...] | None = None) -> tuple[int, ...]:
        """How many revisions to measure with."""
        if self._sizes:
            return self._sizes
        return quick if self.quick and quick is not None else usual

    def name(self) -> str:
        """A name for a database or a directory that nothing else has."""
        return next(self._names)

    def history(
        self, size: int, postgres_url: str | None = None, clickhouse_url: str | None = None
    ) -> History:
        """A new project of that size."""
        return History(self.scratch / self.name(), size, postgres_url, clickhouse_url)

    def run(
        self,
        sides: Mapping[str, Callable[[], Sample]],
        comparisons: Iterable[Comparison],
        size: int | None = None,
    ) -> list[Row]:
        """Hold a contest and compare."""
        return list(compare(self.measure(sides, size), comparisons, size))

    def measure(
        self, sides: Mapping[str, Callable[[], Sample]], size: int | None = None
    ) -> dict[str, Sample]:
        """Hold a contest; the medians."""
        began = time.perf_counter()
        medians = contest(sides, self._effort)
        spent = time.perf_counter() - began
        what = ", ".join(sides) + (f" at {size:,}" if size else "")
        print(f"{spent:6.1f} s  {what}", file=sys.stderr, flush=True)
        return medians
