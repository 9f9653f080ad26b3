"""Shows a run: progress while it goes, the result where it was asked for. Everything here passes the terminal's door."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TextIO

import click

from checks.catalogue import find
from checks.evidence import Effect, Probe, Reading
from checks.model import CheckResult
from checks.settings import SettingsError
from reports.model import Report
from wizard import exits
from wizard import output as files
from wizard.leaks import LeakError
from wizard.options import World
from wizard.request import Request
from wizard.run import Progress, Ran, perform
from wizard.terminal import columns, safe, tell, wants_colour

if TYPE_CHECKING:
    from wizard.store import Loaded


BETWEEN_LINES = 30.0  # seconds; a log file needs no line each second


class InvalidInputError(click.ClickException):
    """Settings or input that cannot be used; ends the program with its own code."""

    exit_code = exits.INVALID


def run_or_explain(
    request: Request,
    world: World,
    *,
    allow: frozenset[Effect],
    base: Path,
    progress: Progress | None,
    given: Mapping[Probe[Any], Reading] = MappingProxyType({}),
) -> Ran:
    """Run, turning the person's mistakes into sentences and codes of ours. `given` is what the person brought along."""
    for word in (*request.only, *request.skip):
        if not find(word):
            raise click.UsageError(
                f'"{word}" is no check. Give a family (spf), a check (spf.record) or a code; `sendready explain` lists them.'
            )
    try:
        ran = perform(
            request, world, allow=allow, base=base, progress=progress, given=given, say=waiting_line(sys.stderr, time.monotonic)
        )
    except LeakError as error:
        raise SystemExit(_bug(str(error))) from None
    except (ValueError, OSError) as error:
        raise invalid(str(error)) from None
    finally:
        if progress:
            done(sys.stderr)
    for result in ran.results:
        if result.traceback:
            click.echo(safe(f"{result.check} failed in sendready itself:\n{result.traceback}", keep_newlines=True), err=True)
    return ran


def load_or_explain(path: Path) -> Loaded:
    """Load a settings file; what is wrong with it is told all at once, field by field."""
    from wizard.store import load  # noqa: PLC0415 - tomlkit is slow to import

    try:
        return load(path)
    except SettingsError as error:
        raise invalid(f"{path}:\n" + "\n".join(f"  {problem}" for problem in error.problems)) from None


def invalid(message: str) -> click.ClickException:
    """Return an error that ends the program with "settings or input invalid"."""
    return InvalidInputError(safe(message, keep_newlines=True))


def _bug(message: str) -> int:
    click.echo(f"sendready: {message}", err=True)
    return exits.BUG


def progress_line(stream: TextIO) -> Progress | None:
    """Return a callback that shows on one line what was judged last; None where nobody watches."""
    if not stream.isatty():
        return None
    count = 0

    def show(result: CheckResult) -> None:
        nonlocal count
        count += 1
        stream.write(f"\r\x1b[K{count:3d} checked  {safe(result.check)}")
        stream.flush()

    return show


def waiting_line(stream: TextIO, clock: Callable[[], float]) -> Callable[[str], None]:
    """Return what shows that something is waited for: one line that is written over; where there is no terminal, a line now and then."""
    last = -math.inf

    def show(text: str) -> None:
        nonlocal last
        width = columns(stream)
        if width is not None:
            shown = safe(text)
            stream.write(f"\r\x1b[K{shown if len(shown) < width else shown[: width - 2] + '…'}")
            stream.flush()
        elif clock() - last >= BETWEEN_LINES:
            last = clock()
            tell(text, stream)

    return show


def done(stream: TextIO) -> None:
    """Clear the progress line."""
    if stream.isatty():
        stream.write("\r\x1b[K")
        stream.flush()


def prepare(output: Path | None) -> None:
    """See that `--output` can be written, before anything is asked or sent."""
    if output:
        try:
            files.prepare(output)
        except OSError as error:
            raise _unwritable(output, error) from None


def emit(ran: Ran, format_: str, output: Path | None) -> None:
    """Print the report in the format, and write the output directory if one was named."""
    click.echo(rendered(ran.report, format_), nl=False)
    if not output:
        return
    try:
        written = files.write(output, ran)
    except OSError as error:
        raise _unwritable(output, error) from None
    click.echo("\n".join(f"wrote {safe(str(path))}" for path in written), err=True)
    if ran.request.settings is not None and not ran.complete:
        click.echo("dispatcher.json is not stamped as verified, because only a part was checked in this run.", err=True)


def _unwritable(output: Path, error: OSError) -> click.ClickException:
    return invalid(f"--output {output}: nothing can be written there ({error.strerror or error})")


def rendered(report: Report, format_: str) -> str:
    """Return the report in one of `wizard.options.FORMATS`, ending in a newline."""
    if format_ == "json":
        return report.to_json()
    if format_ == "text":
        import shutil  # noqa: PLC0415 - as above

        from reports import text  # noqa: PLC0415 - one format at a time

        return text.render(report, colour=wants_colour(), width=min(shutil.get_terminal_size((100, 24)).columns, 110))
    render: Callable[[Report], str]
    if format_ == "html":
        from reports.html import render  # noqa: PLC0415 - jinja2 is slow to import
    elif format_ == "markdown":
        from reports.machine.markdown import render  # noqa: PLC0415 - as above
    elif format_ == "csv":
        from reports.machine.table import render  # noqa: PLC0415 - as above
    elif format_ == "junit":
        from reports.machine.junit import render  # noqa: PLC0415 - as above
    elif format_ == "ics":
        from reports.calendar import render  # noqa: PLC0415 - as above
    else:
        from reports.machine.nagios import render  # noqa: PLC0415 - as above
    return render(report)
