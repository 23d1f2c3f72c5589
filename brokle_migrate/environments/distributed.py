"""Distributed DDL: what the servers of a cluster have made of a statement with ``ON CLUSTER``.

The statement goes into a queue in ZooKeeper, from which each server takes it.  Who waits for them
longer than ``distributed_ddl_task_timeout`` gets an error, and the servers go on.  The error names
the task, and the task tells who has finished.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote

from ..interruption import Outcome
from .drivers import ServerError
from .verdicts import NOT_KNOWN, Verdict
from .zookeeper import nodes

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

    from .drivers import Driver

_TIMEOUT_EXCEEDED = 159
_PATH = re.compile(r"(/\S*/query-\d+)\b(?=.*distributed_ddl_task_timeout)", re.DOTALL)
_HOSTS = re.compile(r"^hosts: \[(.*)\]$", re.MULTILINE)
_HOST = re.compile(r"'([^']*)'")
_DONE = "0"


class Task(NamedTuple):
    """An entry of the queue.

    :ivar path: of its node in ZooKeeper.
    """

    path: str

    @classmethod
    def named_by(cls, error: ServerError) -> Task | None:
        """The task that was not waited for any longer; None where the error is another one."""
        found = _PATH.search(error.message) if error.code == _TIMEOUT_EXCEEDED else None
        return cls(found[1]) if found else None

    def verdict(self, driver: Driver) -> Verdict:
        """How far it is.

        :raises ServerError: ZooKeeper does not answer, or the user may not read from it.
        :raises ConnectionLost: the server does not answer.
        """
        parent, _, name = self.path.rpartition("/")
        asked = nodes(driver, parent, name)
        hosts = _HOSTS.search(asked.get(name, ""))
        if hosts is None:  # the servers clean their queue up after a week
            return NOT_KNOWN
        # In this order: who finishes between the two questions is not taken for one that waits.
        active = nodes(driver, f"{self.path}/active")
        answers = nodes(driver, f"{self.path}/finished")
        return _judged(_HOST.findall(hosts[1]), answers, active)


def _judged(hosts: list[str], answers: Mapping[str, str], active: Container[str]) -> Verdict:
    """What the queue shows.

    :param answers: of those that have finished.
    :param active: those that are at it; the node of one that goes down vanishes.
    """
    missing = [host for host in hosts if host not in answers]
    done = [host for host in hosts if answers.get(host, "").split("\n", 1)[0] == _DONE]
    if missing:
        names = ", ".join(map(unquote, missing))
        return Verdict(
            Outcome.RUNNING,
            f"{len(answers)} of {len(hosts)} replicas have run it, not yet: {names}",
            stalled=not any(host in active for host in missing),
        )
    if len(done) == len(hosts):
        return Verdict(Outcome.DONE, f"all {len(hosts)} replicas have run it")
    failed = {host: answers[host] for host in hosts if host not in done}
    return Verdict(Outcome.UNKNOWN, error=_refusal(failed))


def _refusal(failed: Mapping[str, str]) -> ServerError:
    """What those say that could not run it."""
    errors = {unquote(host): _error(answer) for host, answer in failed.items()}
    words = "; ".join(f"on {host}: {error.message}" for host, error in errors.items())
    return ServerError(words, code=next(iter(errors.values())).code)


def _error(answer: str) -> ServerError:
    code, _, words = answer.partition("\n")
    return ServerError(words or answer, code=int(code) if code.isdigit() else 0)
