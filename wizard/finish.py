"""The second half of a wizard's run: stores what was answered, checks it, and says what to do next."""

from __future__ import annotations

import sys

from checks.evidence import Effect
from checks.model import Status
from checks.secret import SecretSource
from wizard import atomic, exits
from wizard.answers import answers_from
from wizard.commands.check import new_message_id
from wizard.draft import Drafts
from wizard.job import Collected, Job
from wizard.present import emit, prepare, progress_line, run_or_explain
from wizard.request import Request
from wizard.secrets import readable_by_others, remarks, store_secret
from wizard.store import save
from wizard.terminal import columns, command_line, tell


def store(job: Job, collected: Collected) -> list[str]:
    """Store passwords, settings and answers. Returns what was written where, and what is unwise about it."""
    settings, flow = collected.settings, collected.flow
    notes = []
    for place, secret in (flow.secrets if flow else {}).items():
        server = settings.servers[place]
        if server.password is not None:
            where = store_secret(server.password.source, server.password.ref, secret, job.base)
            notes.append(f"wrote {where}: the password of {server.name}")
    saved = save(job.path, settings, based_on=job.document)
    notes.append(f"wrote {job.path}" if saved.changed else f"{job.path} says all this already; it was not touched")
    if saved.revision:
        notes.append(f"kept the text before it as {saved.revision}")
    if job.save_answers:
        try:
            atomic.write(job.save_answers, answers_from(collected.answers, job.around))
        except OSError as error:
            tell(f"The answers could not be written to {job.save_answers} ({error.strerror or error}).")
        else:
            notes.append(f"wrote {job.save_answers}: the answers, for --answers")
    if flow:
        Drafts(job.path).remove()
    for server in settings.servers:
        if server.password is not None and server.password.source is not SecretSource.FILE:
            notes += [f"Note: {remark}" for remark in remarks(server.password.source, server.password.ref, job.base)]
    return [*notes, *(f"Warning: {warning}" for warning in readable_by_others(settings.servers, job.base))]


def check(job: Job, collected: Collected, notes: list[str]) -> int:
    """Check what was stored, and say what to do next."""
    tell("\n".join(["", *notes, ""]))
    allow, to = _allowed(job, collected)
    hosts = ", ".join(dict.fromkeys(f"{server.host}:{server.port}" for server in collected.settings.servers))
    sends = f", and sending one test message to {to}" if Effect.SEND in allow else ""
    tell(f"Checking: asking DNS and {hosts}{sends} ...")
    request = Request(
        settings=collected.settings,
        name=job.path.name,
        file=str(job.path),
        allow_private=job.world.allow_private,
        to=to,
        message=new_message_id() if Effect.SEND in allow else "",
    )
    prepare(job.output)
    ran = run_or_explain(request, job.world.renewed(), allow=allow, base=job.base, progress=progress_line(sys.stderr))
    emit(ran, "text", job.output)
    sent = any(result.check == "send.accepted" and result.status is Status.PASS for result in ran.results)
    last = f"Look into the mailbox {to}: the report says under which id the test message was sent." if sent else ""
    if to and Effect.SEND not in allow:
        last = _how_to_send(job, collected, to)
    tell(_next(job, ran.report.exit_code, last))
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


def _how_to_send(job: Job, collected: Collected, to: str) -> str:
    why = "you said no" if collected.flow is not None and job.allow is None else "this run did not allow it"
    command = _command("send-test", str(job.path), "--to", to)
    return f"No test message was sent to {to}, because {why} (--allow look,login,send allows it). To send it:{command}"


def _command(*words: str) -> str:
    return "\n" + command_line(("sendready", *words), columns(), indent=5)


def _next(job: Job, code: int, about_test_message: str) -> str:
    report, dispatcher, again = job.output / "report.html", job.output / "dispatcher.json", _command("check", str(job.path))
    steps = {
        exits.READY: [f"Give {dispatcher} to the dispatcher.", f"Check again whenever something changes:{again}"],
        exits.READY_WITH_WARNINGS: [
            f"Read the warnings in {report}.",
            f"Give {dispatcher} to the dispatcher when you can live with them.",
            f"Check again:{again}",
        ],
        exits.NOT_READY: [
            f"Open {report} and pass on what each person has to change.",
            f"Then check again:{again}",
            f"To change an answer:{_command('wizard', str(job.path))}",
        ],
    }.get(code, [f"Open {report}: it says what could not be tested, and why.", f"Then check again:{again}"])
    if about_test_message:
        steps.insert(0, about_test_message)
    return "\n".join(["", "What to do next", *(f"  {number}. {step}" for number, step in enumerate(steps, 1))])
