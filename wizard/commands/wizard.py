"""`sendready wizard`: collects the settings, saves them, checks them, and says what to do next."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from checks.evidence import Effect
from wizard import exits
from wizard.options import World, effects, world_options
from wizard.terminal import can_prompt, safe

if TYPE_CHECKING:
    from tomlkit import TOMLDocument

    from checks.settings import Settings, SettingsError
    from wizard.answers import Given
    from wizard.draft import Drafts, Slot
    from wizard.flow import Flow
    from wizard.view import Answers, Surroundings


@dataclass(kw_only=True)
class Job:
    """One run of the wizard: what was asked for, and what is there already."""

    path: Path
    output: Path
    dry_run: bool
    plain: bool
    save_answers: Path | None
    allow: frozenset[Effect] | None
    world: World
    around: Surroundings
    existing: Settings | None = None
    document: TOMLDocument | None = None
    given: Given = field(kw_only=True)
    only_missing: bool = False

    @property
    def base(self) -> Path:
        """The directory that references to passwords start from."""
        return self.path.resolve().parent


@dataclass(frozen=True, kw_only=True)
class Collected:
    """What the questions brought, before anything is written."""

    settings: Settings
    answers: Answers
    flow: Flow | None
    """The walk, if a person was asked."""


@click.command("wizard")
@click.argument("settings", default="settings.toml", type=click.Path(path_type=Path), metavar="[SETTINGS]")
@click.option(
    "--answers",
    "answers_file",
    metavar="FILE",
    help="Take the answers from this TOML file; - is standard input. What it lacks is asked.",
)
@click.option(
    "--set",
    "sets",
    multiple=True,
    metavar="KEY=VALUE",
    help="Give one answer, like host=smtp.example.org or servers.2.host=... Repeatable.",
)
@click.option("--no-input", is_flag=True, help="Never ask; list everything that is missing.")
@click.option("--dry-run", is_flag=True, help="Show the review and write nothing.")
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Where reports and dispatcher.json go.  [default: beside SETTINGS]",
)
@click.option("--plain", is_flag=True, help="Numbered lists instead of menus, for screen readers and simple terminals.")
@click.option(
    "--save-answers",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write the answers to a file for --answers.",
)
@click.option(
    "--allow",
    callback=effects,
    metavar="look,login,send",
    help="What the check may do.  [default: look,login; the test message is confirmed, or needs send here]",
)
@world_options
def command(
    *,
    world: World,
    settings: Path,
    answers_file: str | None,
    sets: tuple[str, ...],
    no_input: bool,
    dry_run: bool,
    output: Path | None,
    plain: bool,
    save_answers: Path | None,
    allow: frozenset[Effect] | None,
) -> int:
    """Ask for the settings of a mail dispatcher, save them to SETTINGS (default settings.toml), check them, and say what to do next.

    Existing settings are the answers to start from. Passwords are typed hidden and kept where you say; SETTINGS only names the place.
    The exit code is the verdict of the checks.
    """
    from checks.settings import SettingsError  # noqa: PLC0415 - pydantic is slow, and not needed for --help
    from wizard.flow import LeftError  # noqa: PLC0415 - as above
    from wizard.present import invalid  # noqa: PLC0415 - as above
    from wizard.store import StoreError  # noqa: PLC0415 - as above

    try:
        job = _job(
            settings,
            answers_file,
            sets,
            world=world,
            dry_run=dry_run,
            plain=plain,
            output=output,
            save_answers=save_answers,
            allow=allow,
        )
        asks = can_prompt() and not no_input and answers_file != "-"
        collected = _ask(job) if asks else _take(job)
        if dry_run:
            return exits.READY
        notes = _save(job, collected)
        return _check(job, collected, notes)
    except SettingsError as error:
        raise invalid(_all_problems(error)) from None
    except (StoreError, LookupError) as error:
        raise invalid(str(error)) from None
    except LeftError as left:
        _say(str(left) or "Discarded; nothing was written.")
        return exits.INTERRUPTED


def _say(text: str) -> None:
    click.echo(safe(text, keep_newlines=True), err=True)


def _all_problems(error: SettingsError) -> str:
    from wizard.answers import MISSING  # noqa: PLC0415 - heavy, and not needed for --help

    count = len(error.problems)
    lines = [
        f"{'one thing is' if count == 1 else f'{count} things are'} wrong or missing; nothing was written.",
        *(f"  {problem}" for problem in error.problems),
    ]
    if any(problem.message.startswith(MISSING) for problem in error.problems):
        lines.append(
            "Give answers in a file (--answers FILE) or one by one (--set KEY=VALUE), or run this in a terminal to be asked."
        )
    return "\n".join(lines)


def _job(
    path: Path,
    answers_file: str | None,
    sets: tuple[str, ...],
    *,
    world: World,
    dry_run: bool,
    plain: bool,
    output: Path | None,
    save_answers: Path | None,
    allow: frozenset[Effect] | None,
) -> Job:
    from wizard import answers  # noqa: PLC0415 - heavy, and not needed for --help
    from wizard.answered import from_settings  # noqa: PLC0415 - as above
    from wizard.secrets import exists, keyring_trouble  # noqa: PLC0415 - as above
    from wizard.store import load  # noqa: PLC0415 - as above
    from wizard.view import Surroundings  # noqa: PLC0415 - as above

    loaded = load(path) if path.exists() or path.is_symlink() else None
    text = None
    if answers_file == "-":
        text = answers.decoded(sys.stdin.buffer.read(answers.MAX_BYTES + 1), "on standard input")
    elif answers_file is not None:
        text = answers.read_text(Path(answers_file))
    base = path.resolve().parent
    around = Surroundings(
        today=world.now.date(),
        was=from_settings(loaded.settings) if loaded else None,
        has_secret=_remembered(lambda source, ref: exists(source, ref, base)),
        keyring_trouble=keyring_trouble,
    )
    return Job(
        path=path,
        output=output or path.with_name(f"{path.stem}-report"),
        dry_run=dry_run,
        plain=plain,
        save_answers=save_answers,
        allow=allow,
        world=world,
        around=around,
        existing=loaded.settings if loaded else None,
        document=loaded.document if loaded else None,
        given=answers.gather(text, sets, answers_file or ""),
        only_missing=answers_file is not None,
    )


def _remembered(ask: Callable[[str, str], bool]) -> Callable[[str, str], bool]:
    """Ask a keyring or a file system once for each reference."""
    known: dict[tuple[str, str], bool] = {}

    def answer(source: str, ref: str) -> bool:
        return known.setdefault((source, ref), ask(source, ref)) if (source, ref) not in known else known[source, ref]

    return answer


# --- collecting ---------------------------------------------------------------------------------------------------------------


def _take(job: Job) -> Collected:
    """Take the answers as given, without asking anybody."""
    from wizard.answered import build  # noqa: PLC0415 - heavy, and not needed for --help
    from wizard.answers import complete  # noqa: PLC0415 - as above

    answers = complete(job.given, job.around)
    settings = build(answers, job.around, job.existing)
    if job.dry_run:
        click.echo(safe(_review(job, settings, answers, ()), keep_newlines=True))
    return Collected(settings=settings, answers=answers, flow=None)


def _ask(job: Job) -> Collected:
    """Ask a person, starting from what was given, from a draft and from what is there."""
    from checks.settings import SettingsError  # noqa: PLC0415 - heavy, and not needed for --help
    from wizard.answers import overlay  # noqa: PLC0415 - as above
    from wizard.draft import Drafts  # noqa: PLC0415 - as above
    from wizard.flow import Flow, LeftError  # noqa: PLC0415 - as above
    from wizard.prompter import for_terminal  # noqa: PLC0415 - as above

    given = overlay(job.given, job.around)
    if given.problems:
        raise SettingsError(given.problems)
    drafts = Drafts(job.path)
    flow = Flow(
        prompter=for_terminal(plain=job.plain),
        around=job.around,
        keep_draft=lambda answers, settled: _keep_draft(drafts, answers, settled, job.path),
        existing=job.existing,
        only_missing=job.only_missing,
    )
    _say(f"Settings for {job.path}" + ("" if job.existing is None else " (as they are now; Enter keeps)"))
    _offer_draft(flow, drafts)
    flow.take(given)

    def show(settings: Settings, answers: Answers) -> None:
        _say(_review(job, settings, answers, tuple(flow.secrets)))

    if job.dry_run:
        return _dry(job, flow, drafts)
    try:
        settings = flow.run(show)
    except LeftError as left:
        if not str(left):
            drafts.remove()
        raise
    return Collected(settings=settings, answers=flow.answers, flow=flow)


def _dry(job: Job, flow: Flow, drafts: Drafts) -> Collected:
    settings = flow.collect()
    drafts.remove()
    click.echo(safe(_review(job, settings, flow.answers, tuple(flow.secrets)), keep_newlines=True))
    return Collected(settings=settings, answers=flow.answers, flow=flow)


def _keep_draft(drafts: Drafts, answers: Answers, settled: set[Slot], path: Path) -> str:
    if not settled:
        return "Left; nothing was answered and nothing was written."
    try:
        drafts.save(answers, settled, datetime.now(UTC))
    except OSError as error:
        return f"Left. The draft could not be kept ({error.strerror or error}); nothing was written."
    return f"Left; no settings were written. Your answers are kept as a draft. To go on: sendready wizard {path}"


def _offer_draft(flow: Flow, drafts: Drafts) -> None:
    draft = drafts.load()
    if draft is None:
        return
    when = draft.saved_at.astimezone().strftime("%Y-%m-%d %H:%M")
    if flow.ask_yes_no(
        "resume",
        f"There is a draft from {when}. Go on with it? (yes or no)",
        "Passwords are not in a draft; they are asked again.",
    ):
        flow.resume(draft)
    else:
        drafts.remove()


def _review(job: Job, settings: Settings, answers: Answers, typed: tuple[int, ...]) -> str:
    from wizard.review import Plan, password_places, review  # noqa: PLC0415 - heavy, and not needed for --help

    plan = Plan(
        settings=job.path,
        output=job.output,
        passwords=password_places(answers, typed, job.base),
        exists=job.existing is not None,
        test_message=can_prompt() or Effect.SEND in (job.allow or ()),
    )
    return review(settings, answers, job.around, plan)


# --- writing ------------------------------------------------------------------------------------------------------------------


def _save(job: Job, collected: Collected) -> list[str]:
    """Store passwords, settings and answers. Returns what was written where."""
    from wizard import atomic  # noqa: PLC0415 - heavy, and not needed for --help
    from wizard.answers import answers_from  # noqa: PLC0415 - as above
    from wizard.draft import Drafts  # noqa: PLC0415 - as above
    from wizard.secrets import remarks, store_secret  # noqa: PLC0415 - as above
    from wizard.store import save  # noqa: PLC0415 - as above

    notes = []
    for place, secret in (collected.flow.secrets if collected.flow else {}).items():
        password = collected.settings.servers[place].password
        if password is not None:
            notes.append(
                f"wrote {store_secret(password.source, password.ref, secret, job.base)}: the password of {collected.settings.servers[place].name}"
            )
    saved = save(job.path, collected.settings, based_on=job.document)
    notes.append(f"wrote {job.path}" if saved.changed else f"{job.path} says all this already; it was not touched")
    if saved.revision:
        notes.append(f"kept the text before it as {saved.revision}")
    if job.save_answers:
        try:
            atomic.write(job.save_answers, answers_from(collected.answers, job.around))
        except OSError as error:
            _say(f"The answers could not be written to {job.save_answers} ({error.strerror or error}).")
        else:
            notes.append(f"wrote {job.save_answers}: the answers, for --answers")
    if collected.flow:
        Drafts(job.path).remove()
    for server in collected.settings.servers:
        if server.password is not None:
            notes += [f"Note: {remark}" for remark in remarks(server.password.source, server.password.ref, job.base)]
    return notes


# --- checking -----------------------------------------------------------------------------------------------------------------


def _check(job: Job, collected: Collected, notes: list[str]) -> int:
    """Check what was saved, and say what to do next."""
    from checks.model import Status  # noqa: PLC0415 - heavy, and not needed for --help
    from wizard.commands.check import new_message_id  # noqa: PLC0415 - as above
    from wizard.present import emit, prepare, progress_line, run_or_explain  # noqa: PLC0415 - as above
    from wizard.request import Request  # noqa: PLC0415 - as above

    _say("\n".join(["", *notes, ""]))
    allow, to = _allowed(job, collected)
    hosts = ", ".join(dict.fromkeys(f"{server.host}:{server.port}" for server in collected.settings.servers))
    _say(
        f"Checking: asking DNS and {hosts}" + (f", and sending one test message to {to}" if Effect.SEND in allow else "") + " ..."
    )
    request = Request(
        settings=collected.settings,
        name=job.path.name,
        allow_private=job.world.allow_private,
        to=to,
        message=new_message_id() if Effect.SEND in allow else "",
    )
    prepare(job.output)
    ran = run_or_explain(request, job.world, allow=allow, base=job.base, progress=progress_line(sys.stderr))
    emit(ran, "text", job.output)
    sent = any(result.check == "send.accepted" and result.status is Status.PASS for result in ran.results)
    _say(_next(job, ran.report.exit_code, sent=sent, to=to))
    return ran.report.exit_code


def _allowed(job: Job, collected: Collected) -> tuple[frozenset[Effect], str]:
    """Decide what this run may do. The test message leaves only when a person or a flag says so."""
    to = str(collected.answers.common.get("test_to") or "")
    allow = job.allow if job.allow is not None else frozenset({Effect.LOOK, Effect.LOGIN})
    if not to:
        return allow - {Effect.SEND}, ""
    if collected.flow is not None and job.allow is None:
        server = next((server for server in collected.settings.servers if server.default), collected.settings.servers[0])
        words = f"Send one test message now, to {to}, through {server.name}, as {server.sender.email}? (yes or no)"
        if collected.flow.ask_yes_no("send_test", words):
            allow |= {Effect.SEND}
    return allow, to


def _next(job: Job, code: int, *, sent: bool, to: str) -> str:
    report, dispatcher = job.output / "report.html", job.output / "dispatcher.json"
    again = f"sendready check {job.path}"
    steps = {
        exits.READY: [f"Give {dispatcher} to the dispatcher.", f"Check again whenever something changes: {again}"],
        exits.READY_WITH_WARNINGS: [
            f"Read the warnings in {report}.",
            f"Give {dispatcher} to the dispatcher when you can live with them.",
            f"Check again: {again}",
        ],
        exits.NOT_READY: [
            f"Open {report} and pass on what each person has to change.",
            f"Then check again: {again}",
            f"To change an answer: sendready wizard {job.path}",
        ],
    }.get(code, [f"Open {report}: it says what could not be tested, and why.", f"Then check again: {again}"])
    if sent:
        steps.insert(0, f"Look into the mailbox {to}: the report says under which number the test message was sent.")
    return "\n".join(["", "What to do next", *(f"  {number}. {step}" for number, step in enumerate(steps, 1))])
