"""The server's name leads to an address.

What it checks:
The host name in the settings exists in DNS and has at least one address.

Why it matters:
Without an address no program can find the server. A slip in the name is the most frequent cause, and the quickest to mend.

How to fix it:
Compare the name letter by letter with the provider's instructions. If it is your own server, publish an address for the name.
"""

from collections.abc import Iterator

from checks.evidence import Evidence, State, Unasked
from checks.model import Finding, Outcome, Owner, Status
from checks.rules._hosts import literal_address
from checks.rules._server import host_of, some_of
from checks.subject import ServerSubject

FOUND = Outcome(
    code="port.host-found",
    status=Status.PASS,
    title="{host} has the address {addresses}",
    references=("RFC 5321 section 5.1",),
)
LITERAL = Outcome(
    code="port.literal-address",
    status=Status.PASS,
    title="The server is given by its address, {address}; there is no name to look up",
)
NO_SUCH_HOST = Outcome(
    code="port.no-such-host",
    status=Status.FAIL,
    title="There is no server name {host} in DNS",
    owner=Owner.US,
    steps=(
        "Compare {host} letter by letter with the provider's instructions, and correct the field host of the server in the settings.",
        "If the name is right, ask the administrator of its domain to publish it in DNS.",
    ),
    references=("RFC 8020 section 2",),
)
NO_ADDRESS = Outcome(
    code="port.no-address",
    status=Status.FAIL,
    title="{host} exists in DNS, but it has no address",
    owner=Owner.US,
    steps=(
        "Correct the field host of the server in the settings; often the name of the mail domain was given in place of the server's, like example.org for smtp.example.org.",
        "If the name is right, ask the administrator of its domain to publish an address for it (an A or AAAA record).",
    ),
    references=("RFC 2308 section 2.2",),
)
FAILED = Outcome(
    code="port.failed-look-up",
    status=Status.UNKNOWN,
    title="The address of {host} could not be looked up: {reason}. This says nothing about the server",
    owner=Owner.US,
    steps=(
        "Run the check again; name servers fail for moments.",
        "If it stays so, check that this machine can reach its name server (or the one given with --nameserver), then ask the administrator of the domain.",
    ),
    volatile=("reason",),
    references=("RFC 2308 section 7",),
)
REASONS = {
    State.SERVFAIL: "the name server answered that it failed (SERVFAIL)",
    State.TIMEOUT: "no name server answered in time",
    State.REFUSED: "the name server refused to answer",
    State.BOGUS: "the answer of the name server cannot be trusted",
}


def judge(subject: ServerSubject, ev: Evidence) -> Iterator[Finding]:
    """Look the name up in both address families; one address is enough."""
    host, about = subject.server.host, subject.name
    if address := literal_address(host):
        yield LITERAL(about=about, address=address)
        return
    found = host_of(subject, ev)
    if found.addresses:
        yield FOUND(about=about, host=host, addresses=some_of(found.addresses))
        return
    if found.failed:  # a name server that fails has not said that there is nothing
        probe = found.failed[0]
        reading = ev[probe]
        if reading.unasked is Unasked.NOT_ALLOWED:
            ev.need(probe)  # the person did not want us to look: not run, which is no alarm
        yield FAILED(
            about=about, host=host, reason=reading.detail or REASONS.get(reading.state, "the name server gave no answer")
        )
    elif found.exists:
        yield NO_ADDRESS(about=about, host=host)
    else:
        yield NO_SUCH_HOST(about=about, host=host)
