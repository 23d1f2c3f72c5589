"""The renderer for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import words
from .adoptions import adopted_page, adoption_page
from .blocks import Line
from .checks import checked_page
from .dumps import dump_remarks, dumped_page
from .files import file_line
from .infos import info_page
from .locks import lock_page
from .plans import (
    drop_script,
    dropped_page,
    findings_page,
    inventory_page,
    nothing_page,
    plan_page,
    preview_page,
)
from .reports import error_page, report_page
from .sealing import added_remarks, sealed_page
from .states import status_page

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

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
    from .base import Inventory, Screen
    from .blocks import Block
    from .check_forms import CheckForm
    from .files import OutFile
    from .pictures import Form
    from .proposals import PlanForm


class TextRenderer:
    """Pages on two screens.

    :param out: for data.
    :param err: for everything else.
    :param quiet: print data, questions and errors only.
    :param verbose: tell of every statement.
    :param failure: the word that an error begins with.
    """

    def __init__(
        self,
        out: Screen,
        err: Screen,
        *,
        quiet: bool = False,
        verbose: bool = False,
        failure: str = "error",
    ) -> None:
        self._out = out
        self._err = err
        self._quiet = quiet
        self._verbose = verbose
        self._failure = failure

    def status(self, status: Status) -> None:
        """Where each database stands."""
        self._data(status_page(status))

    def info(self, info: Info) -> None:
        """Status, servers, tables, and effective configuration."""
        self._data(info_page(info))

    def preview(self, preview: Preview) -> None:
        """What a plan would run, destroy and touch: the whole of it."""
        self._data(preview_page(preview))

    def plan(self, preview: Preview) -> None:
        """The same in short, on standard error, before a question."""
        self._err.show(plan_page(preview))

    def proposal(self, proposal: Proposal, form: PlanForm) -> None:
        """A plan as it is written down."""
        self._err.settle()
        self._out.raw(self.proposal_text(proposal, form))

    def proposal_text(self, proposal: Proposal, form: PlanForm) -> str:
        """The same as a text, for a file; without secrets."""
        from ..proposal_file import hidden
        from .proposals import complaint, written

        text = written(hidden(proposal, self._out.hidden), form)
        refused = complaint(form, text)
        if refused:
            self.message(refused)
        return text

    def proposed(self, proposal: Proposal, files: Sequence[OutFile]) -> None:
        """That a plan was written to files, or would be."""
        from ..proposal_file import hidden
        from .proposals import proposed_page

        self._data(proposed_page(hidden(proposal, self._out.hidden), files))

    def findings(self, findings: Sequence[Finding]) -> None:
        """What is worth knowing, on standard error."""
        self._tell(findings_page(findings))

    def nothing_to_do(self, plan: Plan) -> None:
        """A plan without steps."""
        self.findings(plan.findings)
        self._data(nothing_page(plan))

    def event(self, event: Event) -> None:
        """Progress, on standard error."""
        if not self._quiet:
            self._err.event(event, verbose=self._verbose)

    def report(self, report: Report) -> None:
        """What a run did, and what is true now."""
        self._data(report_page(report))

    def created(self, created: Created) -> None:
        """The files of a new revision, one path a line."""
        self.message(f"revision {created.version}")
        self._data(Line(words.path(path)) for path in created.paths)
        self._tell(
            Line(f"{each.hook}: {each.output.rstrip()}") for each in created.hooks if each.output
        )
        if created.sealed is not None:
            self._tell(added_remarks(created.sealed))
        if created.error is not None:
            self.error(created.error)

    def initialised(self, done: Initialised) -> None:
        """The files of a project, or a patch that would make them."""
        from .projects import initialised_diff, initialised_page, initialised_remarks

        if done.written:
            self._data(initialised_page(done))
        else:
            self._err.settle()
            self._out.raw(self._out.hidden(words.printable(initialised_diff(done))))
        self._tell(initialised_remarks(done))

    def adoption(self, adoption: Adoption, *, dry_run: bool = False) -> None:
        """What taking over would do: on standard error, before a question."""
        page = adoption_page(adoption, texts=self._verbose)
        if dry_run or adoption.is_done:
            self._data(page)
        else:
            self._err.show(page)

    def adopted(self, adoption: Adoption, report: Report | None) -> None:
        """What taking over has done."""
        if report is not None:
            self.report(report)
        if report is None or report.error is None:
            self._data(adopted_page(adoption))

    def dumped(self, dumped: Dumped) -> None:
        """What became of the schema files; the schemas themselves where they have none."""
        self._data(dumped_page(dumped))
        self._tell(dump_remarks(dumped))
        for each in dumped.files:
            if each.error is not None:
                self.error(each.error)

    def checked(self, checked: Checked, form: CheckForm | None = None) -> None:
        """What is wrong with the files, and what could not be looked at."""
        if form is None:
            self._data(checked_page(checked, verbose=self._verbose))
            return
        text = self.check_document(checked, form)
        self._err.settle()
        self._out.raw(text)

    def check_document(self, checked: Checked, form: CheckForm) -> str:
        """The same as a text, for a file; without secrets."""
        from .check_forms import document

        return document(checked.each(self._out.hidden), form)

    def sealed(self, sealed: Sealed) -> None:
        """What became of the lock file."""
        self._data(sealed_page(sealed))

    def inventory(self, objects: Inventory, *, dry_run: bool = False) -> None:
        """What ``drop`` would remove: on standard error, before a question."""
        if dry_run:
            self._data(drop_script(objects))
        else:
            self._err.show(inventory_page(objects))

    def dropped(self, objects: Inventory) -> None:
        """What ``drop`` removed."""
        self._data(dropped_page(objects))

    def lock(self, state: LockState) -> None:
        """Who holds the lock, and who was relieved of it."""
        self._data(lock_page(state))

    def graph(self, graph: Graph, form: Form) -> None:
        """Both histories as a picture."""
        text = self.picture(graph, form)
        self._err.settle()
        self._out.raw(text)

    def picture(self, graph: Graph, form: Form) -> str:
        """The same as a text, for a file; without secrets."""
        from .pictures import complaint, draw

        text = draw(graph.each(self._out.hidden), form)
        refused = complaint(graph, form, text)
        if refused:
            self.message(refused)
        return text

    def drawn(self, graph: Graph, picture: OutFile) -> None:  # noqa: ARG002 - for JSON
        """That a picture was written to a file, or would be."""
        self._data([file_line(picture)])

    def message(self, text: str) -> None:
        """A sentence on standard error."""
        self._tell([Line(text)])

    def error(self, error: MigrateError) -> None:
        """What went wrong, and what to do next."""
        self._err.show(error_page(error, self._failure))

    def finish(self, command: str, exit_code: int) -> None:  # noqa: ARG002 - for the JSON envelope
        """End the output."""
        self._err.settle()

    def _data(self, blocks: Iterable[Block]) -> None:
        self._err.settle()
        self._out.show(blocks)

    def _tell(self, blocks: Iterable[Block]) -> None:
        if not self._quiet:
            self._err.show(blocks)
