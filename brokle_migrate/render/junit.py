"""Findings as JUnit XML, the form of test reports that GitLab, Jenkins and others show.

GitLab knows a test by its suite, class and name, and shows the text of what failed
(https://docs.gitlab.com/ci/testing/unit_test_reports/).  So each rule that holds is a test that
passed, and each finding one of its own, with its file and line in the name.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree as Xml

from ..checks.catalogue import BY_ID, RULES
from ..model import Level
from .check_forms import relative

if TYPE_CHECKING:
    from ..checked import Checked
    from ..model import Finding

_NAME = "brokle-migrate check"
# What no XML 1.0 document may hold (https://www.w3.org/TR/xml/#charsets).
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(checked: Checked) -> str:
    """One suite.

    An error has failed; a warning or a note has passed, with its text as output; what a file
    allows, and what could not be looked at, was skipped.
    """
    suite = Xml.Element("testsuite", name=_NAME)
    found = {each.id for each in checked.findings}
    for rule in RULES:
        if rule.id not in found:
            _case(suite, f"{rule.id} {rule.title}", rule.id)
    for finding in checked.findings:
        _add(suite, finding, checked)
    for each in checked.silenced:
        case = _finding_case(suite, each.finding, checked)
        Xml.SubElement(case, "skipped", message=_clean(f"allowed: {each.reason}"))
    for sentence in checked.unverified:
        Xml.SubElement(_case(suite, sentence, "not checked"), "skipped", message=_clean(sentence))
    counts = {
        "tests": len(suite),
        "failures": len(suite.findall("testcase/failure")),
        "errors": 0,
        "skipped": len(suite.findall("testcase/skipped")),
    }
    suite.attrib.update({name: str(count) for name, count in counts.items()})
    root = Xml.Element("testsuites", suite.attrib)
    root.append(suite)
    Xml.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{Xml.tostring(root, "unicode")}\n'


def _add(suite: Xml.Element, finding: Finding, checked: Checked) -> None:
    case = _finding_case(suite, finding, checked)
    place = finding.location
    where = "" if place is None else f"{relative(place.path, checked.root)}:{place.line}: "
    text = "\n".join(filter(None, (f"{where}{finding.message}", finding.hint)))
    if finding.level is Level.ERROR:
        failure = Xml.SubElement(
            case, "failure", message=_clean(finding.message), type=_clean(finding.id)
        )
        failure.text = _clean(text)
    else:
        output = Xml.SubElement(case, "system-out")
        output.text = _clean(f"{finding.level}: {text}")


def _finding_case(suite: Xml.Element, finding: Finding, checked: Checked) -> Xml.Element:
    rule = BY_ID.get(finding.id)
    place = finding.location
    name = f"{finding.id} {finding.environment if rule is None else rule.title}"
    if place is None:
        return _case(suite, name, finding.id)
    file = relative(place.path, checked.root)
    return _case(suite, f"{name} ({file}:{place.line}:{place.column})", finding.id, file)


def _case(suite: Xml.Element, name: str, rule: str, file: str = "") -> Xml.Element:
    case = Xml.SubElement(suite, "testcase", name=_clean(name), classname=_clean(rule), time="0")
    if file:
        case.set("file", _clean(file))
    return case


def _clean(text: str) -> str:
    return _NO_XML.sub("\ufffd", text)
