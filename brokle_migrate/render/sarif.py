"""Findings as a SARIF 2.1.0 log, as code scanning of GitHub and editors read it.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/sarif-v2.1.0-errata01-os-complete.html
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from .. import __version__
from ..checks.catalogue import BY_ID, RULES
from ..checks.rule import Rule
from ..model import Level
from .check_forms import uri
from .words import printable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..checked import Checked
    from ..model import Finding

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_LEVELS = {Level.ERROR: "error", Level.WARNING: "warning", Level.INFO: "note"}

Object = dict[str, Any]


def sarif(checked: Checked) -> str:
    """One run, with every rule that there is, and every finding.

    What a file allows is a suppressed result; what could not be looked at is a notification.
    """
    everything = (*checked.findings, *(each.finding for each in checked.silenced))
    others = {each.id: Rule(each.id, each.level, each.id) for each in everything}
    rules = (*RULES, *(rule for id_, rule in others.items() if id_ not in BY_ID))
    indices = {rule.id: index for index, rule in enumerate(rules)}
    run = {
        "tool": {
            "driver": {
                "name": "brokle-migrate",
                "semanticVersion": __version__,
                "rules": [_rule(each) for each in rules],
            }
        },
        "columnKind": "unicodeCodePoints",
        "invocations": [_invocation(checked)],
        "results": [*_results(checked, indices)],
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _rule(rule: Rule) -> Object:
    full = rule.reason or f"Finds {rule.title}."
    return {
        "id": rule.id,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": full},
        "help": {
            "text": f"{full}\n\n{_way_out(rule, '')}",
            "markdown": f"{full}\n\n{_way_out(rule, '`')}",
        },
        "defaultConfiguration": {"level": _LEVELS[rule.level]},
    }


def _way_out(rule: Rule, tick: str) -> str:
    """What to do where that is meant to be."""
    if not rule.allowable:
        return f"Where it is meant: {tick}brokle-migrate check --update-lock{tick}."
    allow = f"migrate: allow {rule.id} because …{tick}"
    return (
        f"Where it is meant: {tick}-- {allow} above the statement of a .sql file, or "
        f"{tick}# {allow} in a revision."
    )


def _invocation(checked: Checked) -> Object:
    return {
        "executionSuccessful": True,
        "exitCode": checked.exit_code,
        "toolExecutionNotifications": [
            {"level": "warning", "message": {"text": printable(f"not checked: {sentence}")}}
            for sentence in checked.unverified
        ],
    }


def _results(checked: Checked, indices: Mapping[str, int]) -> list[Object]:
    suppressed = [
        {
            **_result(each.finding, checked, indices),
            "suppressions": [{"kind": "inSource", "justification": printable(each.reason)}],
        }
        for each in checked.silenced
    ]
    # Where some results say that they are suppressed, all others have to say that they are not.
    kept: Object = {"suppressions": []} if suppressed else {}
    return [
        *({**_result(each, checked, indices), **kept} for each in checked.findings),
        *suppressed,
    ]


def _result(finding: Finding, checked: Checked, indices: Mapping[str, int]) -> Object:
    hint = f"\nHint: {finding.hint}" if finding.hint else ""
    found: Object = {
        "ruleId": finding.id,
        "ruleIndex": indices[finding.id],
        "level": _LEVELS[finding.level],
        "message": {"text": printable(f"{finding.message}{hint}")},
    }
    place = finding.location
    if place is None:
        return found
    name = uri(place.path, checked.root)
    file: Object = {"uri": name}
    if not name.startswith("file:"):
        file["uriBaseId"] = "%SRCROOT%"
    region = {"startLine": place.line, "startColumn": place.column}
    return {
        **found,
        "locations": [{"physicalLocation": {"artifactLocation": file, "region": region}}],
    }
