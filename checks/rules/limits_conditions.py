"""No smaller number holds for this account.

What it checks:
Providers take less from some: from trials and free plans, from young contracts, from accounts that nobody has released for sending yet. The planned mailings are compared with these
smaller numbers, which do not show from outside.

Why it matters:
A mailing that fits the usual number stops early if one of the smaller ones holds.

How to fix it:
Look into the contract. If one of the cases is yours, set the send limit of the server to its number until the case has ended, or have the provider raise it.
"""

from collections.abc import Iterator
from dataclasses import replace

from checks.evidence import Evidence
from checks.model import Finding, Outcome, Owner, Status
from checks.rules._provider_limits import conditional, providers_behind, spoken_limit, told_elsewhere
from checks.rules._volume import Planned, paces, planned, volume_of
from checks.settings import Server
from checks.subject import ServerSubject
from checks.tables.limits import Limit

INFORMATIONAL = True
MAX_NAMED = 6

POSSIBLE = Outcome(
    code="limits.smaller-number-possible",
    status=Status.NOTE,
    title="{server}: {provider} takes less in some cases: {cases} (as of {as_of}); whether one of them is yours does not show from outside",
    owner=Owner.US,
    steps=(
        "Look into the contract with {provider} whether one of these cases is yours.",
        "If so, set the send limit of this server to its number until the case has ended, or ask {provider} to raise it.",
    ),
)
HARMLESS = Outcome(
    code="limits.smaller-numbers-fitting",
    status=Status.PASS,
    title="{server}: what is planned stays within the smaller numbers of {provider} too, those of trials or young contracts (as of {as_of})",
)
NONE_KNOWN = Outcome(
    code="limits.no-smaller-numbers",
    status=Status.NOT_APPLICABLE,
    title="{server}: we know of no smaller numbers for some customers of its provider",
)
MICROSOFT = Outcome(
    code="limits.conditions-of-microsoft",
    status=Status.NOT_APPLICABLE,
    title="{server}: in which cases Microsoft 365 takes less is told by the checks of the family office365",
)


def judge(subject: ServerSubject, _ev: Evidence) -> Iterator[Finding]:
    """Name the cases in which the plan would not fit; all of them, if nobody said how much is planned."""
    server = subject.server
    rows = conditional(server)
    if told_elsewhere(server):
        yield MICROSOFT(about=server.name, server=server.name)
        return
    if not rows:
        yield NONE_KNOWN(about=server.name, server=server.name)
        return
    plan = planned(volume_of(subject))
    binding = [row for row in rows if plan is None or _binds(row, plan, server)]
    named = (binding or list(rows))[:MAX_NAMED]
    provider = next(one.company for one in providers_behind(server) if one.id == named[0].provider)
    as_of = min(row.checked for row in named).isoformat()
    if binding:
        cases = [f"{spoken_limit(row)} ({row.condition})" for row in named]
        said = POSSIBLE(about=server.name, server=server.name, provider=provider, cases=cases, as_of=as_of)
    else:
        said = HARMLESS(about=server.name, server=server.name, provider=provider, as_of=as_of)
    yield replace(said, references=tuple(dict.fromkeys(source for row in named for source in row.sources)))


def _binds(row: Limit, plan: Planned, server: Server) -> bool:
    if row.seconds is None:
        return False  # what counts in one message fits everywhere if it is one for each recipient; limits.recipients-per-message has the rest
    return plan.exceeds(row) and not paces(server, row, plan.in_one)
