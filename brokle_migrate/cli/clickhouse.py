"""``clickhouse …``: Alembic's command line for the ClickHouse history.

Verbs, arguments and options are Alembic's (``alembic --help``, 1.20); each verb calls the function
of its name in :mod:`brokle_migrate.clickhouse.command` with what was typed.
"""

from __future__ import annotations

from typing import Any

import click

from .alembics import Given, Verbs, given


def _switch(*names: str, text: str) -> click.Option:
    return click.Option(names, is_flag=True, help=text)


_SQL = _switch("--sql", text="Print the SQL instead of running it; asks no database.")
_TAG = click.Option(["--tag"], help="For env.py: context.get_tag_argument().")
_VERBOSE = _switch("-v", "--verbose", text="Print the whole block of each revision.")
_REVISION = click.Argument(["revision"])

_VERBS: dict[str, tuple[str, list[click.Parameter]]] = {
    "branches": ("Show branch points; a chain has none.", [_VERBOSE]),
    "check": ("Check that the files are well-formed, applied, and as applied.", []),
    "current": (
        "Show where the database stands.",
        [_switch("-c", "--check-heads", text="Exit with 3 unless all is applied."), _VERBOSE],
    ),
    "downgrade": ("Revert to a previous version.", [_SQL, _TAG, _REVISION]),
    "edit": ("Edit both files of a revision using $EDITOR.", [click.Argument(["rev"])]),
    "ensure_version": ("Create the ledger unless it is there.", [_SQL]),
    "heads": (
        "Show the newest revision on disk.",
        [_VERBOSE, _switch("--resolve-dependencies", text="Makes no difference in a chain.")],
    ),
    "history": (
        "List the revisions, newest first.",
        [
            click.Option(
                ["-r", "--rev-range"],
                metavar="[START]:[END]",
                help="Only these; each end may be current.",
            ),
            _VERBOSE,
            _switch("-i", "--indicate-current", text="Mark where the database stands."),
        ],
    ),
    "revision": (
        "Create a new pair of files.",
        [
            click.Option(["-m", "--message"], help="What it does; the files are named after it."),
            _switch("--autogenerate", text="Refused: there are no models to compare with."),
            _switch("--sql", text="Refused, as in Alembic: a pair is SQL in any case."),
            click.Option(["--head"], default="head", help="What it follows: the head."),
            _switch("--splice", text="Has no effect: nothing can be put behind the head."),
            click.Option(["--branch-label"], help="Refused: a chain has no branches."),
            click.Option(["--version-path"], help="The directory for it: there is one."),
            click.Option(["--rev-id"], help="Its version: a number larger than the head's."),
            click.Option(["--depends-on"], multiple=True, help="Refused: a chain has none."),
        ],
    ),
    "show": ("Show a revision.", [click.Argument(["rev"], metavar="REVISION")]),
    "stamp": (
        "Record a revision as current without running anything.",
        [
            _SQL,
            _TAG,
            _switch("--purge", text="Makes no difference: a stamp decides about every version."),
            click.Argument(["revision"], metavar="REVISION...", nargs=-1, required=True),
        ],
    ),
    "upgrade": ("Upgrade to a later version.", [_SQL, _TAG, _REVISION]),
}


@click.group(cls=Verbs)
@given
def clickhouse(options: Given) -> None:
    """Alembic's commands for ClickHouse: upgrade, downgrade, current, history …"""
    click.get_current_context().obj = options


def _verb(name: str, text: str, parameters: list[click.Parameter]) -> click.Command:
    def call(**values: Any) -> int:
        from .calling import call

        return call(click.get_current_context().obj, name, values)

    return click.Command(name, callback=call, params=parameters, help=text)


for _name, (_text, _parameters) in _VERBS.items():
    clickhouse.add_command(_verb(_name, _text, _parameters))
