"""What a step says where limits are missing or too high: where the numbers to enter are found. Judges nothing.

One field of the settings has one number. Where a volume is planned, the check capacity.entry names it; where none is, it is reckoned here in the same
way, from every limit that is known for the server, so that it breaks none of them.
"""

from __future__ import annotations

from dataclasses import replace

from checks.rules._capacity import Stated, setup_of
from checks.rules._capacity_foreseen import as_settings
from checks.rules._volume import volume_of
from checks.subject import ServerSubject

SEE_ENTRY = (
    "Enter the limits that the check capacity.entry names for {server}, so that the dispatcher waits instead of being refused."
)
ENTER = "Enter for {server}: {enter}. They keep within everything that is known of {provider}, and leave room for other mail."


def enter(subject: ServerSubject) -> str:
    """Write the limits that keep within every number that is known for the server, as they stand in the settings."""
    from checks.capacity.entry import entry  # noqa: PLC0415 - the simulator; most runs do without

    said = volume_of(subject)
    least = (
        said.recipients_per_mailing or said.recipients_per_message or 1
    )  # the smallest mailing that the settings leave possible
    volume = said.model_copy(update={"recipients_per_mailing": least})
    plan = setup_of(replace(subject, settings=subject.settings.model_copy(update={"volume": volume})), Stated())
    found = entry(plan.bare, plan.bare.channels[0].name, zone=plan.zone) if plan else None
    return as_settings(found) if found else ""


def steps(subject: ServerSubject, provider: str, *, pointing: bool, more: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Word the first step, then what else there is; `pointing`: the volume is planned, and capacity.entry has the numbers."""
    server = subject.server.name
    first = SEE_ENTRY.format(server=server)
    if not pointing and (words := enter(subject)):
        first = ENTER.format(server=server, enter=words, provider=provider)
    return (first, *(step.format(server=server, provider=provider) for step in more))
