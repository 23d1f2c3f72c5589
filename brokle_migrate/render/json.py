"""One JSON document on standard output, whatever happens."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from . import data
from .adoptions import adoption_data
from .graph_data import graph_data
from .info_data import info_data
from .sealing import sealed_data

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..adoption.values import Adoption
    from ..authoring import Created
    from ..checked import Checked
    from ..dumping import Dumped
    from ..errors import MigrateError
    from ..events import Event
    from ..graph import Graph
    from ..lockfile import Sealed
    from ..locks import LockState
    from ..model import Finding, Plan, Report
    from ..preview import Preview
    from ..project import Initialised
    from ..proposal import Proposal
    from ..status import Info, Status
    from .base import Hide, Inventory, Renderer, Writer
    from .check_forms import CheckForm
    from .files import OutFile
    from .pictures import Form
    from .proposals import PlanForm

SCHEMA = 1  # goes up when a field of the envelope or of its data changes its meaning or goes away


class JsonRenderer:
    """Keeps what is said, and prints it as one envelope at the end.

    :param out: where the envelope goes.
    :param people: says on standard error what is no data.
    """

    def __init__(self, out: Writer, hide: Hide, people: Renderer) -> None:
        self._out = out
        self._hide = hide
        self._people = people
        self._data: data.Data | None = None
        self._error: data.Data | None = None
        self._finished = False

    def status(self, status: Status) -> None:
        """Where each database stands."""
        self._keep(data.status_data(status), status.error)

    def info(self, info: Info) -> None:
        """Status, servers, tables, and effective configuration."""
        self._keep(info_data(info), info.error)

    def preview(self, preview: Preview) -> None:
        """What a plan would run, destroy and touch."""
        self._keep(data.preview_data(preview))

    def plan(self, preview: Preview) -> None:
        """The same in short, on standard error, before a question."""
        self._people.plan(preview)

    def proposal(self, proposal: Proposal, form: PlanForm) -> None:  # noqa: ARG002 - data has one
        """A plan as data."""
        from .proposals import proposed_data

        self._keep(proposed_data(proposal, self._hide))

    def proposal_text(self, proposal: Proposal, form: PlanForm) -> str:
        """A plan as a text, for a file; without secrets."""
        return self._people.proposal_text(proposal, form)

    def proposed(self, proposal: Proposal, files: Sequence[OutFile]) -> None:
        """A plan as data, and the files that were written, or would be."""
        from .proposals import proposed_data

        self._keep(proposed_data(proposal, self._hide, files))

    def findings(self, findings: Sequence[Finding]) -> None:
        """What is worth knowing, on standard error."""
        self._people.findings(findings)

    def nothing_to_do(self, plan: Plan) -> None:
        """A plan without steps."""
        self._keep(data.nothing_data(plan))

    def event(self, event: Event) -> None:
        """Progress, on standard error."""
        self._people.event(event)

    def report(self, report: Report) -> None:
        """What a run did, and what is true now."""
        self._keep(data.report_data(report), report.error)

    def created(self, created: Created) -> None:
        """The files of a new revision."""
        self._keep(data.created_data(created), created.error)

    def initialised(self, done: Initialised) -> None:
        """The files of a project; with patches where they only would be written."""
        from .projects import initialised_data

        self._keep(initialised_data(done))

    def adoption(self, adoption: Adoption, *, dry_run: bool = False) -> None:
        """What taking over would do: on standard error, too, before a question."""
        self._keep(adoption_data(adoption, done=adoption.is_done))
        if not dry_run and not adoption.is_done:
            self._people.adoption(adoption)

    def adopted(self, adoption: Adoption, report: Report | None) -> None:
        """What taking over has done, with the report of what was recorded."""
        error = None if report is None else report.error
        found = adoption_data(adoption, done=error is None)
        run = None if report is None else data.report_data(report)
        self._keep({**found, "run": run}, error)

    def dumped(self, dumped: Dumped) -> None:
        """What became of the schema files; beside the report of the run before, if there was one.

        A schema goes nowhere but into this document when it has no file.
        """
        found = data.dumped_data(dumped)
        self._keep(found if self._data is None else {**self._data, "dump": found}, dumped.error)

    def checked(
        self,
        checked: Checked,
        form: CheckForm | None = None,  # noqa: ARG002 - data has one form
    ) -> None:
        """What is wrong with the files, and what could not be looked at."""
        self._keep(data.checked_data(checked))

    def check_document(self, checked: Checked, form: CheckForm) -> str:
        """The same as a text, for a file; without secrets."""
        return self._people.check_document(checked, form)

    def sealed(self, sealed: Sealed) -> None:
        """What became of the lock file."""
        self._keep(sealed_data(sealed))

    def inventory(self, objects: Inventory, *, dry_run: bool = False) -> None:
        """What ``drop`` would remove."""
        self._keep(data.inventory_data(objects))
        if not dry_run:
            self._people.inventory(objects)

    def dropped(self, objects: Inventory) -> None:
        """What ``drop`` removed."""
        self._keep(data.inventory_data(objects))

    def lock(self, state: LockState) -> None:
        """Who holds the lock, and who was relieved of it."""
        self._keep(data.lock_data(state))

    def graph(self, graph: Graph, form: Form) -> None:  # noqa: ARG002 - data has one form
        """Both histories as data."""
        self._keep(graph_data(graph))

    def picture(self, graph: Graph, form: Form) -> str:
        """Both histories as a picture, for a file; without secrets."""
        return self._people.picture(graph, form)

    def drawn(self, graph: Graph, picture: OutFile) -> None:
        """Both histories as data, and the file that was written, or would be."""
        self._keep(graph_data(graph, picture))

    def message(self, text: str) -> None:
        """A sentence on standard error."""
        self._people.message(text)

    def error(self, error: MigrateError) -> None:
        """What went wrong; of several errors the first is the cause."""
        self._error = self._error or data.error_data(error)

    def finish(self, command: str, exit_code: int) -> None:
        """Print the envelope."""
        if self._finished:
            return
        self._finished = True
        envelope = {
            "schema": SCHEMA,
            "command": command,
            "ok": exit_code == 0,
            "exit_code": exit_code,
            "data": data.hidden(self._data, self._hide),
            "error": data.hidden(self._error, self._hide),
        }
        self._out.write(json.dumps(envelope) + "\n")
        self._out.flush()

    def _keep(self, found: data.Data, error: MigrateError | None = None) -> None:
        self._data = found
        if error is not None:
            self.error(error)
