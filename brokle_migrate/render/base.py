"""What the command line may say, and where it is printed.

A :class:`Renderer` takes values.  For people it turns them into pages of blocks, which a
:class:`Screen` prints; there is a screen for a terminal and one for a pipe.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Protocol, TextIO

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from ..adoption.values import Adoption
    from ..authoring import Created
    from ..checked import Checked
    from ..dumping import Dumped
    from ..environments.base import DatabaseObject
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
    from .blocks import Block
    from .check_forms import CheckForm
    from .files import OutFile
    from .pictures import Form
    from .proposals import PlanForm

    Hide = Callable[[str], str]
    Inventory = Mapping[str, Sequence[DatabaseObject]]


class Renderer(Protocol):
    """Everything that a command can have to say.

    Data goes to standard output; what leads to it goes to standard error.  ``status``, ``info`` and
    ``report`` show the error that their value holds; :meth:`error` is for what was raised.
    """

    def status(self, status: Status) -> None:
        """Where each database stands."""

    def info(self, info: Info) -> None:
        """Status, servers, tables, and effective configuration."""

    def preview(self, preview: Preview) -> None:
        """What a plan would run, destroy and touch: the whole of it."""

    def plan(self, preview: Preview) -> None:
        """The same in short, on standard error, before a question."""

    def proposal(self, proposal: Proposal, form: PlanForm) -> None:
        """A plan as it is written down."""

    def proposal_text(self, proposal: Proposal, form: PlanForm) -> str:
        """The same as a text, for a file; without secrets."""

    def proposed(self, proposal: Proposal, files: Sequence[OutFile]) -> None:
        """That a plan was written to files, or would be."""

    def findings(self, findings: Sequence[Finding]) -> None:
        """What is worth knowing, on standard error."""

    def nothing_to_do(self, plan: Plan) -> None:
        """A plan without steps."""

    def event(self, event: Event) -> None:
        """Progress, on standard error."""

    def report(self, report: Report) -> None:
        """What a run did, and what is true now."""

    def created(self, created: Created) -> None:
        """The files of a new revision, one path a line."""

    def adoption(self, adoption: Adoption, *, dry_run: bool = False) -> None:
        """What taking over would do: on standard error, before a question.

        :param dry_run: to standard output instead.
        """

    def adopted(self, adoption: Adoption, report: Report | None) -> None:
        """What taking over has done.

        :param report: what was recorded, None where nothing had to be.
        """

    def initialised(self, done: Initialised) -> None:
        """The files of a project, or a patch that would make them."""

    def dumped(self, dumped: Dumped) -> None:
        """What became of the schema files; the schemas themselves where they have none."""

    def checked(self, checked: Checked, form: CheckForm | None = None) -> None:
        """What is wrong with the files, and what could not be looked at.

        :param form: for a machine; None for whom this renderer is for.
        """

    def check_document(self, checked: Checked, form: CheckForm) -> str:
        """The same as a text, for a file; without secrets."""

    def sealed(self, sealed: Sealed) -> None:
        """What became of the lock file."""

    def inventory(self, objects: Inventory, *, dry_run: bool = False) -> None:
        """What ``drop`` would remove: on standard error, before a question.

        :param dry_run: to standard output instead, with the statements.
        """

    def dropped(self, objects: Inventory) -> None:
        """What ``drop`` removed."""

    def lock(self, state: LockState) -> None:
        """Who holds the lock, and who was relieved of it."""

    def graph(self, graph: Graph, form: Form) -> None:
        """Both histories as a picture."""

    def picture(self, graph: Graph, form: Form) -> str:
        """The same as a text, for a file; without secrets."""

    def drawn(self, graph: Graph, picture: OutFile) -> None:
        """That a picture was written to a file, or would be."""

    def message(self, text: str) -> None:
        """A sentence on standard error."""

    def error(self, error: MigrateError) -> None:
        """What went wrong, and what to do next."""

    def finish(self, command: str, exit_code: int) -> None:
        """End the output; to be called once, whatever happened before."""


class Screen(ABC):
    """One stream and how it looks.

    :param stream: where to print.
    :param hide: takes secrets out of a text; nothing is laid out before it went through here.
    """

    def __init__(self, stream: Writer, hide: Hide) -> None:
        self._stream = stream
        self._hide = hide

    def hidden(self, text: str) -> str:
        """A text with its secrets taken out."""
        return self._hide(text)

    def raw(self, text: str) -> None:
        """Print a text to the letter; it was hidden before."""
        self.settle()
        self._stream.write(text)
        self._stream.flush()

    def show(self, blocks: Iterable[Block]) -> None:
        """Print a page."""
        self.settle()
        for block in blocks:
            self._print(block.each(self._hide))
        self._stream.flush()

    @abstractmethod
    def _print(self, block: Block) -> None:
        """Print one block."""

    @abstractmethod
    def event(self, event: Event, *, verbose: bool) -> None:
        """Show progress.

        :param verbose: tell of every statement.
        """

    @abstractmethod
    def settle(self) -> None:
        """End what is still moving, so that something else can be printed below it."""


class Writer:
    """A text stream that takes any text: what its encoding does not have becomes an escape."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    @property
    def encoding(self) -> str:
        """The encoding of the stream."""
        return getattr(self._stream, "encoding", None) or "utf-8"

    def write(self, text: str) -> int:
        """Write text."""
        try:
            return self._stream.write(text)
        except UnicodeEncodeError:
            safe = text.replace("…", "...").encode(self.encoding, "backslashreplace")
            return self._stream.write(safe.decode(self.encoding))

    def flush(self) -> None:
        """Write out what is held back."""
        self._stream.flush()

    def isatty(self) -> bool:
        """Whether somebody is looking."""
        return self._stream.isatty()


class Lines(Writer):
    """Hands on each line as soon as it is whole.

    :param take: called with a line, without its end.
    """

    encoding = "utf-8"

    def __init__(self, take: Callable[[str], None]) -> None:
        self._take = take
        self._rest = ""

    def write(self, text: str) -> int:
        """Write text."""
        *lines, self._rest = (self._rest + text).split("\n")
        for line in lines:
            self._take(line)
        return len(text)

    def flush(self) -> None:
        """A line that is not whole is kept."""

    def isatty(self) -> bool:
        """Nobody is looking."""
        return False
