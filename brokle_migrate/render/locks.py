"""The page of ``lock``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..locks.base import Kind
from . import words
from .blocks import Item, Line, Section, Tone

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..locks import Holder, LockState
    from .blocks import Block


def lock_page(state: LockState) -> Iterator[Block]:
    """Who holds the lock, and what to type next."""
    if state.removed is not None:
        yield Line(f"the lock of {state.removed} was broken", Tone.GOOD)
    if not state.where:
        yield Line("no lock is needed: one process at a time can open the embedded engine")
    elif state.holder is None:
        yield Line(f"the lock in {state.where} is free", Tone.GOOD)
    else:
        yield _section(state.where, state.holder)
        yield Line(_next(state.holder), Tone.NEXT)


def _section(where: str, holder: Holder) -> Section:
    title = f"left in {where}, and over" if holder.is_over else f"held in {where}"
    return Section("lock", title, tuple(_items(holder)))


def _items(holder: Holder) -> Iterator[Item]:
    yield Item("holder", holder.name or "a nameless session", Tone.STRONG)
    if holder.address:
        yield Item("from", holder.address)
    if holder.kind is Kind.SESSION:
        yield Item("how", f"session lock of server process {holder.key}")
        if holder.age is not None:
            yield Item("connected for", words.duration(holder.age))
        return
    yield Item("how", f"lease of {words.duration(holder.ttl)}")
    yield Item("taken", f"{words.duration(holder.age or 0)} ago")
    tone = Tone.WARN if holder.is_over else Tone.PLAIN
    yield Item("last heartbeat", f"{words.duration(holder.beat)} ago", tone)


def _next(holder: Holder) -> str:
    if holder.is_over:
        return "hint: the next run takes it over"
    return "hint: if the holder is dead: brokle-migrate lock --break"
