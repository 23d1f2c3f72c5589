"""A lock that expires: taken for a while, renewed as long as its holder lives.

A lease is for where the server can't tell that its holder is gone.  It guards as long as both
clocks run equally fast: the holder counts from before it asked for a renewal, the server from when
it was asked, so the holder stops first.  Before every statement the holder also asks whether the
lease is still its own.
"""

from __future__ import annotations

import threading
import uuid
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Protocol

from ..errors import MigrateError
from .base import lost, poll, process_name
from .heartbeat import Heartbeat, now

if TYPE_CHECKING:
    from types import TracebackType

    from .base import Holder, Wait

# Shorter than a run waits by default, so that it outlasts a dead holder.
TTL = 12
_BEATS = 3  # in the time for which one counts
_PATIENCE = 5.0  # seconds that a release may have to wait for a heartbeat that is under way


class LeaseStore(Protocol):
    """Where leases are kept.  One call at a time; every method may raise a MigrateError."""

    def claim(self, token: str, name: str, ttl: int) -> bool:
        """Try once to take the lease.

        :param token: never used before.
        :return: whether nobody else has it.
        """

    def renew(self, token: str) -> None:
        """Let the lease begin anew.

        :raises Gone: it was taken away.
        """

    def is_held(self, token: str) -> bool:
        """Whether the lease is in force."""

    def release(self, token: str) -> None:
        """Give the lease back, or whatever there is of it; safe to repeat."""

    def holder(self) -> Holder | None:
        """Who has the lease, or had it last and did not give it back; creates nothing."""

    def close(self) -> None:
        """Release the connection."""


class Lease:
    """A lock over a store of leases."""

    warning: str = ""

    def __init__(self, store: LeaseStore, wait: Wait) -> None:
        self._store = store
        self._wait = wait
        self._guard = threading.Lock()  # the heartbeat shares the store's connection
        self._token = ""
        self._heartbeat: Heartbeat | None = None
        self._sent = 0.0

    @property
    def where(self) -> str:
        return self._wait.label

    def __enter__(self) -> None:
        try:
            poll(self._attempt, self._living, self._wait)
        except BaseException:
            self._give_back()
            raise
        self._heartbeat = Heartbeat(self._renew, TTL / _BEATS, TTL)
        self._heartbeat.start(self._sent)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._heartbeat is not None:
            self._heartbeat.stop()
            self._heartbeat = None
        self._give_back()

    def check(self) -> None:
        """Make sure that nobody can have taken over, by our clock and by the server's word."""
        self._require_beat()
        if not self._is_held():
            raise lost(self.where, "it was taken away")
        self._require_beat()  # asking may have taken its time

    def holder(self) -> Holder | None:
        with closing(self._store):
            return self._store.holder()

    def remove(self, holder: Holder) -> None:
        with closing(self._store):
            self._store.release(holder.key)

    def _attempt(self) -> bool:
        self._token = uuid.uuid4().hex
        self._sent = now()
        return self._store.claim(self._token, process_name(), TTL)

    def _living(self) -> Holder | None:
        holder = self._store.holder()
        return None if holder is None or holder.is_over else holder

    def _renew(self) -> None:
        with self._guard:
            self._store.renew(self._token)

    def _is_held(self) -> bool:
        with self._guard:
            try:
                return self._store.is_held(self._token)
            except MigrateError:
                pass  # a connection may break that nobody needed for a while
            try:
                return self._store.is_held(self._token)
            except MigrateError as error:
                raise lost(self.where, f"it can't be asked for: {error.message}") from error

    def _require_beat(self) -> None:
        if self._heartbeat is None:
            raise lost(self.where, "it was given back")
        if reason := self._heartbeat.lost:
            raise lost(self.where, reason)

    def _give_back(self) -> None:
        """Release what can be released; what can't will expire."""
        if not self._guard.acquire(timeout=_PATIENCE):
            return  # a heartbeat waits for its answer
        try:
            with suppress(MigrateError):
                if self._token:
                    self._store.release(self._token)
            self._store.close()
        finally:
            self._guard.release()
