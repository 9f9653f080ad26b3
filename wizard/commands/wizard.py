"""`sendready wizard`: collects the settings, saves them, checks them, and says what to do next."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from checks.evidence import Effect
from wizard import exits
from wizard.options import World, effects, mailbox, world_options
from wizard.terminal import can_prompt, columns, command_line, safe, tell, wrapped

if TYPE_CHECKING:
    from checks.settings import Settings, SettingsError
    from wizard.draft import Drafts, Slot
    from wizard.flow import Flow
    from wizard.job import Collected, Job
    from wizard.view import Answers

ARGUMENTS = "sendready.arguments"


class Repeatable(click.Command):
    """A command that remembers how it was called, so that it can say how to call it again."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.meta[ARGUMENTS] = tuple(args)
        return super().parse_args(ctx, args)


@click.command("wizard", cls=Repeatable)
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
@click.option(
    "--to", callback=mailbox, metavar="ADDRESS", help="The address of the one test message; the same as --set test_to=ADDRESS."
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
    to: str | None,
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
            (*sets, f"test_to={to}") if to else sets,
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
        from wizard import finish  # noqa: PLC0415 - heavy, and not needed for --help

        return finish.check(job, collected, finish.store(job, collected))
    except SettingsError as error:
        raise invalid(_all_problems(error)) from None
    except (StoreError, LookupError) as error:
        raise invalid(str(error)) from None
    except LeftError as left:
        tell(str(left) or "Discarded; nothing was written.")
        return exits.INTERRUPTED


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
    from checks.settings import SettingsError  # noqa: PLC0415 - pydantic is slow, and not needed for --help
    from wizard import answers_given  # noqa: PLC0415 - as above
    from wizard.answered import from_settings  # noqa: PLC0415 - as above
    from wizard.documents import refuse_json  # noqa: PLC0415 - as above
    from wizard.job import Job  # noqa: PLC0415 - as above
    from wizard.secrets import exists, keyring_trouble  # noqa: PLC0415 - as above
    from wizard.store import load  # noqa: PLC0415 - as above
    from wizard.view import Surroundings  # noqa: PLC0415 - as above

    try:
        loaded = load(path) if path.exists() or path.is_symlink() else None
    except SettingsError:
        refuse_json(path, "settings")
        raise
    text = None
    if answers_file == "-":
        text = answers_given.decoded(sys.stdin.buffer.read(answers_given.MAX_BYTES + 1), "on standard input")
    elif answers_file is not None:
        text = answers_given.read_text(Path(answers_file))
        refuse_json(Path(answers_file), "answers")
    base = path.resolve().parent
    around = Surroundings(
        today=world.now.date(),
        was=from_settings(loaded.settings) if loaded else None,
        has_secret=_remembered(lambda source, ref: exists(source, ref, base)),
        keyring_trouble=functools.cache(keyring_trouble),
    )
    return Job(
        path=path,
        output=output or path.with_name(f"{path.stem}-report"),
        dry_run=dry_run,
        plain=plain,
        save_answers=save_answers,
        allow=allow,
        world=world,
        again=("sendready", "wizard", *click.get_current_context().meta.get(ARGUMENTS, ())),
        around=around,
        existing=loaded.settings if loaded else None,
        document=loaded.document if loaded else None,
        given=answers_given.gather(text, sets, answers_file or ""),
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
    from wizard.job import Collected  # noqa: PLC0415 - as above

    answers = complete(job.given, job.around)
    settings = build(answers, job.around, job.existing)
    if job.dry_run:
        click.echo(_for_stdout(_review(job, settings, answers, ())))
    return Collected(settings=settings, answers=answers, flow=None)


def _ask(job: Job) -> Collected:
    """Ask a person, starting from what was given, from a draft and from what is there."""
    from checks.settings import SettingsError  # noqa: PLC0415 - heavy, and not needed for --help
    from wizard.answers import overlay  # noqa: PLC0415 - as above
    from wizard.draft import Drafts  # noqa: PLC0415 - as above
    from wizard.flow import Flow, LeftError  # noqa: PLC0415 - as above
    from wizard.job import Collected  # noqa: PLC0415 - as above
    from wizard.prompter import for_terminal  # noqa: PLC0415 - as above

    given = overlay(job.given, job.around)
    if given.problems:
        raise SettingsError(given.problems)
    drafts = Drafts(job.path)
    flow = Flow(
        prompter=for_terminal(plain=job.plain),
        around=job.around,
        keep_draft=lambda answers, settled: _keep_draft(drafts, answers, settled, job.again),
        existing=job.existing,
        only_missing=job.only_missing,
    )
    tell(f"Settings for {job.path}" + ("" if job.existing is None else " (as they are now; Enter keeps)"))
    _offer_draft(flow, drafts)
    flow.take(given)

    def show(settings: Settings, answers: Answers) -> None:
        tell(_review(job, settings, answers, tuple(flow.secrets)))

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
    from wizard.job import Collected  # noqa: PLC0415 - heavy, and not needed for --help

    settings = flow.collect()
    drafts.remove()
    click.echo(_for_stdout(_review(job, settings, flow.answers, tuple(flow.secrets))))
    return Collected(settings=settings, answers=flow.answers, flow=flow)


def _for_stdout(text: str) -> str:
    return wrapped(safe(text, keep_newlines=True), columns(sys.stdout))


def _keep_draft(drafts: Drafts, answers: Answers, settled: set[Slot], again: tuple[str, ...]) -> str:
    if not settled:
        return "Left; nothing was answered and nothing was written."
    try:
        drafts.save(answers, settled, datetime.now(UTC))
    except OSError as error:
        return f"Left. The draft could not be kept ({error.strerror or error}); nothing was written."
    return (
        f"Left; no settings were written. Your answers are kept as a draft in {_short(drafts.path)}\n"
        f"To go on:\n{command_line(again, columns())}"
    )


def _short(path: Path) -> str:
    """Write a path in the home directory with ~."""
    try:
        return str(Path("~") / path.relative_to(Path.home()))
    except (ValueError, RuntimeError):
        return str(path)


def _offer_draft(flow: Flow, drafts: Drafts) -> None:
    draft = drafts.load()
    if draft is None:
        return
    when = draft.saved_at.astimezone().strftime("%Y-%m-%d %H:%M")
    if flow.ask_yes_no(
        "resume",
        f"There is a draft from {when}. Go on with it? (yes or no)",
        f"It is kept in {_short(drafts.path)}. No forgets it. Passwords are not in a draft; they are asked again.",
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
