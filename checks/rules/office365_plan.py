"""The Microsoft 365 plan has a mailbox that may send.

What it checks:
The plan in the settings, against the plans for which Microsoft documents sending by SMTP.

Why it matters:
A mailbox of nearly every plan may send through the dispatcher, the small business plans included. It is often said that only E1, E3 and E5 include this; Microsoft's own
table says otherwise, and gives every plan the same numbers. A trial may not do all that a paid plan may.

How to fix it:
Enter the plan in the settings. What counts is that the mailbox has a licence and that an administrator allows it to send by SMTP.
"""

from collections.abc import Iterator

from checks.evidence import Evidence
from checks.model import Finding, Outcome, Owner, Status
from checks.rules._office365 import Channel, channel_of, day, elsewhere, sources
from checks.rules._volume import is_trial
from checks.subject import ServerSubject
from checks.tables.limits import limit, plans_of

INFORMATIONAL = True

PLANS = plans_of("microsoft365")
TRIAL_LIMIT = limit("microsoft365.tenant-external-recipients-trial")
NEEDS = "The mailbox needs a licence, and an administrator has to allow it to send by SMTP (authenticated SMTP, for the organisation or for this mailbox)."

SUITABLE = Outcome(
    code="office365.plan-suitable",
    status=Status.PASS,
    title="{server}: mailboxes of the plan {plan} may send by SMTP, and relay through a connector, with the same limits as in every other plan (as of {as_of})",
    references=sources(PLANS),
)
TRIAL = Outcome(
    code="office365.trial-plan",
    status=Status.WARN,
    title="{server}: the plan is a trial; it reaches {limit} outside recipients in 24 hours at most, and receivers and Microsoft itself refuse part of such mail (550 5.7.708; as of {as_of})",
    owner=Owner.MAIL_ADMIN,
    steps=("Buy the plan before going live; mail of a paid plan leaves through other addresses.",),
    references=(
        *TRIAL_LIMIT.sources,
        "https://github.com/MicrosoftDocs/SupportArticles-docs/blob/HEAD/Exchange/ExchangeOnline/email-delivery/ndr/fix-error-codes-550-5-7-703-550-5-7-705-550-5-7-708-550-5-7-750.md",
    ),
)
UNKNOWN_PLAN = Outcome(
    code="office365.plan-not-in-table",
    status=Status.NOTE,
    title="{server}: the plan {plan} is not among those that we read about (as of {as_of}); any plan with a mailbox will do",
    owner=Owner.MAIL_ADMIN,
    steps=(NEEDS,),
    references=sources(PLANS),
)
UNNAMED = Outcome(
    code="office365.plan-unnamed",
    status=Status.NOTE,
    title="{server}: the settings do not name the Microsoft 365 plan; any plan with a mailbox will do (as of {as_of}), not only E1, E3 and E5",
    owner=Owner.US,
    steps=("Enter it as volume.plan (like Business Standard or E3), to have trials recognised.", NEEDS),
    references=sources(PLANS),
)
ELSEWHERE = elsewhere("office365.plan-of-others", of="a mailbox of Microsoft 365, so the plan does not matter")


def judge(subject: ServerSubject, _ev: Evidence) -> Iterator[Finding]:
    """Look the plan up."""
    server, volume = subject.server, subject.settings.volume
    if channel_of(server) is not Channel.MAILBOX:
        yield ELSEWHERE(about=server.name, server=server.name)
    elif not volume.plan:
        yield UNNAMED(about=server.name, server=server.name, as_of=day(PLANS.checked))
    elif is_trial(volume):
        yield TRIAL(about=server.name, server=server.name, limit=TRIAL_LIMIT.value, as_of=day(TRIAL_LIMIT.checked))
    elif (name := PLANS.named(volume.plan)) is not None:
        yield SUITABLE(about=server.name, server=server.name, plan=name, as_of=day(PLANS.checked))
    else:
        yield UNKNOWN_PLAN(about=server.name, server=server.name, plan=volume.plan[:80], as_of=day(PLANS.checked))
