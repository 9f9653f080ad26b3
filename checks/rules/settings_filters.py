"""No sender is claimed by two servers.

What it checks:
Whether the same filter stands on two servers, and where filters of several servers overlap, so that the narrower one decides.

Why it matters:
If two servers claim a sender equally, the dispatcher refuses its mail, because any choice could be the wrong one. An overlap is allowed, but it surprises people who
read one server's filters only.

How to fix it:
Take the filter out of all servers but one.
"""

from collections.abc import Iterator
from itertools import permutations

from checks.evidence import Evidence
from checks.model import Finding, Outcome, Owner, Status
from checks.settings import Server
from checks.subject import SettingsSubject, domain_of

MAX_NAMED = 20  # overlaps; a longer list is not read

APART = Outcome(code="settings.filters-apart", status=Status.PASS, title="No two servers claim the same sender")
NO_FILTERS = Outcome(
    code="settings.no-filters", status=Status.NOT_APPLICABLE, title="No server has a filter; the default server takes everything"
)
CONTESTED = Outcome(
    code="settings.contested-filter",
    status=Status.FAIL,
    title="The filter {pattern} stands on {servers}; mail that it matches is refused",
    owner=Owner.US,
    steps=("Keep {pattern} on one of these servers: {servers}.",),
)
CASE_ONLY = Outcome(
    code="settings.filter-differing-in-case",
    status=Status.WARN,
    title="The filters {pattern} (on {server}) and {other} (on {other_server}) differ in upper and lower case only",
    owner=Owner.US,
    steps=(
        "Nearly every mail system takes these for one mailbox, but the dispatcher compares exactly. Keep the spelling that the sender really uses.",
    ),
)
OVERLAP = Outcome(
    code="settings.overlapping-filters",
    status=Status.NOTE,
    title="{narrow} goes to {winner}, although {loser} claims {wide}; the narrower filter wins",
)


def judge(subject: SettingsSubject, _ev: Evidence) -> Iterator[Finding]:
    """Compare every filter with those of the other servers."""
    servers = subject.settings.servers
    if not any(server.filter for server in servers):
        yield NO_FILTERS(about=subject.name)
        return
    found = [
        *_contested(subject.name, servers),
        *_case_only(subject.name, servers),
        *_overlaps(subject.name, servers)[:MAX_NAMED],
    ]
    yield from found
    if not any(finding.status in (Status.FAIL, Status.WARN) for finding in found):
        yield APART(about=subject.name)


def _contested(about: str, servers: tuple[Server, ...]) -> list[Finding]:
    claims: dict[str, list[str]] = {}
    for server in servers:
        for pattern in dict.fromkeys(server.filter):
            claims.setdefault(pattern, []).append(server.name)
    return [CONTESTED(about=about, pattern=pattern, servers=names) for pattern, names in claims.items() if len(names) > 1]


def _case_only(about: str, servers: tuple[Server, ...]) -> list[Finding]:
    seen: dict[str, tuple[str, str]] = {}
    found = []
    for server in servers:
        for pattern in dict.fromkeys(server.filter):
            other, other_server = seen.setdefault(pattern.casefold(), (pattern, server.name))
            if other != pattern and other_server != server.name:
                found.append(CASE_ONLY(about=about, pattern=other, server=other_server, other=pattern, other_server=server.name))
    return found


def _overlaps(about: str, servers: tuple[Server, ...]) -> list[Finding]:
    return [
        OVERLAP(about=about, narrow=narrow, winner=winner.name, wide=wide, loser=loser.name)
        for winner, loser in permutations(servers, 2)
        for narrow in winner.filter
        for wide in loser.filter
        if _lies_within(narrow, wide)
    ]


def _lies_within(narrow: str, wide: str) -> bool:
    """Whether every sender that `narrow` matches is also matched by `wide`, and the two are not equal."""
    if narrow == wide or not wide.startswith("@"):
        return False
    domain = domain_of(narrow)
    if wide.startswith("@*."):
        return domain.removeprefix("*.").endswith(wide[2:])
    return not narrow.startswith("@") and domain == wide[1:]
