"""The domain's mail servers can be found.

What it checks:
Each mail server that the domain names (in its MX records) is a proper server name, and has an address that the world can reach. Where
the domain names none, mail goes to the domain's own address, so that one must be reachable.

Why it matters:
Answers and delivery failures go to these servers. A name without an address, or with one that exists only inside an office network,
means that they are lost, and that you never learn which messages failed.

How to fix it:
Correct the name in the MX record, or publish the address of the server that it names.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from checks.evidence import Evidence
from checks.model import Action, DnsChange, Finding, Outcome, Owner, Status
from checks.probes import DnsProbe
from checks.records.address import Kind, kind, special
from checks.rules._hosts import HostAddresses, is_reachable, literal_address, look_up
from checks.subject import DomainSubject

MAX_TARGETS = 10  # in order of preference; senders give up long before, and each costs two questions

RESOLVED = Outcome(
    code="mx.targets-resolved",
    status=Status.PASS,
    title="Every mail server of {domain} has an address",
    also=("hosts",),
)
NONE = Outcome(
    code="mx.no-targets",
    status=Status.NOT_APPLICABLE,
    title="{domain} names no mail server, so there is none to look up",
)
ALIAS = Outcome(
    code="mx.target-alias",
    status=Status.WARN,
    title="{host}, a mail server of {domain}, is an alias of {target}; some senders do not follow aliases here",
    owner=Owner.DNS_ADMIN,
    steps=("Let the MX record of {domain} name {target} itself, or give {host} the address instead of the alias.",),
    references=("RFC 2181 section 10.3", "RFC 5321 section 5.1"),
)
UNRESOLVABLE = Outcome(
    code="mx.target-unresolvable",
    status=Status.WARN,
    weighs=(Status.FAIL,),
    title="{host}, a mail server of {domain}, has no address",
    owner=Owner.DNS_ADMIN,
    steps=("Publish the address of {host}, or correct the name in the MX record of {domain}.",),
    references=("RFC 5321 section 5.1",),
)
LITERAL = Outcome(
    code="mx.target-literal",
    status=Status.WARN,
    weighs=(Status.FAIL,),
    title="An MX record of {domain} holds the IP address {host}, where only a server's name may stand",
    owner=Owner.DNS_ADMIN,
    steps=("Give the mail server a name with the address {host}, and let the MX record hold that name.",),
    references=("RFC 1035 section 3.3.9", "RFC 5321 section 5.1"),
)
RESERVED = Outcome(
    code="mx.target-reserved",
    status=Status.WARN,
    weighs=(Status.FAIL,),
    title="{host}, a mail server of {domain}, has the address {address}, which is set aside for {purpose}: nobody outside can reach it",
    owner=Owner.DNS_ADMIN,
    steps=("Replace the address of {host} by the one under which the world reaches that server.",),
    references=(
        "https://www.iana.org/assignments/iana-ipv4-special-registry/",
        "https://www.iana.org/assignments/iana-ipv6-special-registry/",
    ),
)
OWN_RESERVED = Outcome(
    code="mx.own-address-reserved",
    status=Status.WARN,
    weighs=(Status.FAIL,),
    title="{domain} names no mail server, so mail goes to its own address {address}, which is set aside for {purpose}: nobody outside can reach it",
    owner=Owner.DNS_ADMIN,
    steps=("Publish an MX record at {domain} that names the server where its mail is read.",),
    references=("RFC 5321 section 5.1", "https://www.iana.org/assignments/iana-ipv4-special-registry/"),
)
EXAMPLE = Outcome(
    code="mx.target-example",
    status=Status.NOTE,  # in the wild such a record does not last; where it stands, it is a test
    title="{host}, a mail server of {domain}, has the address {address}, which is set aside for examples in documentation",
    owner=Owner.DNS_ADMIN,
    steps=("If this is no test set-up, replace the address of {host} by its real one.",),
    references=("RFC 5737", "RFC 3849"),
)
NULL_BESIDE = Outcome(
    code="mx.null-beside-others",
    status=Status.WARN,
    title='{domain} names mail servers and declares at the same time that it takes no mail ("."); senders may believe either',
    owner=Owner.DNS_ADMIN,
    steps=('Delete the MX record of {domain} whose name is empty (".").',),
    references=("RFC 7505 section 3",),
)
CUT = Outcome(
    code="mx.many-targets",
    status=Status.NOTE,
    title="{domain} names {count} mail servers; the {limit} that senders try first were looked up",
)


@dataclass(frozen=True, kw_only=True)
class Target:
    """One mail server, looked at."""

    found: HostAddresses
    allow_private: bool

    @property
    def is_literal(self) -> bool:
        """An address where a name belongs. "localhost" is a name."""
        return self.found.host != "localhost" and bool(literal_address(self.found.host))

    @property
    def reserved(self) -> tuple[str, ...]:
        """Addresses that nobody outside can reach."""
        return tuple(item for item in self.found.addresses if not is_reachable(item, allow_private=self.allow_private))

    @property
    def is_usable(self) -> bool:
        """Whether mail can get there, as far as DNS tells."""
        return not self.is_literal and len(self.found.addresses) > len(self.reserved)

    @property
    def is_open(self) -> bool:
        """Whether it could not be told."""
        return not self.is_literal and not self.is_usable and bool(self.found.failed)


def judge(subject: DomainSubject, ev: Evidence) -> Iterator[Finding]:
    """Look each mail server up and tell what is wrong with it."""
    domain = subject.domain
    records = sorted(ev.need(DnsProbe(domain, "MX")).records, key=lambda record: (record.preference, record.value))
    hosts = list(dict.fromkeys(record.value for record in records if record.value != "."))
    if not hosts:
        yield from _without_mx(subject, ev, is_null=bool(records))
        return
    targets = [Target(found=found, allow_private=subject.allow_private) for found in look_up(ev, hosts[:MAX_TARGETS])]
    stranded = subject.envelope and not any(target.is_usable or target.is_open for target in targets)
    faults = [fault for target in targets for fault in _faults(domain, target, Status.FAIL if stranded else Status.WARN)]
    if null := next((record for record in records if record.value == "."), None):
        change = DnsChange(action=Action.REMOVE, name=domain, type="MX", value=f"{null.preference} .")
        faults.append(NULL_BESIDE(about=domain, domain=domain, records=[change]))
    yield from faults
    if len(hosts) > MAX_TARGETS:
        yield CUT(about=domain, domain=domain, count=len(hosts), limit=MAX_TARGETS)
    for target in targets:
        if target.is_open:
            ev.need(target.found.failed[0])
    if not faults:
        yield RESOLVED(about=domain, domain=domain, hosts=hosts[:MAX_TARGETS])


def _without_mx(subject: DomainSubject, ev: Evidence, *, is_null: bool) -> Iterator[Finding]:
    """RFC 5321 section 5.1: without MX, the domain's own address counts. Whether there is one at all is told by mx.record."""
    domain = subject.domain
    own = None if is_null else Target(found=look_up(ev, [domain])[0], allow_private=subject.allow_private)
    if own is None or not own.reserved:
        yield NONE(about=domain, domain=domain)
        return
    address = own.reserved[0]
    stranded = subject.envelope and not own.is_usable and not own.is_open
    status = Status.FAIL if stranded else Status.WARN
    yield OWN_RESERVED(about=domain, domain=domain, address=address, purpose=_purpose(address), status=status)
    if own.is_open:
        ev.need(own.found.failed[0])


def _purpose(address: str) -> str:
    block = special(address)
    return block.name if block else "other things"


def _faults(domain: str, target: Target, status: Status) -> Iterator[Finding]:
    found = target.found
    host = found.host
    if target.is_literal:
        yield LITERAL(about=domain, domain=domain, host=host, status=status)
        return
    if found.is_missing:
        yield UNRESOLVABLE(about=domain, domain=domain, host=host, status=status, steps=_steps(domain, host))
    elif found.alias_of and found.addresses:  # where it leads is not known otherwise
        yield ALIAS(about=domain, domain=domain, host=host, target=found.alias_of[-1])
    examples = [item for item in found.addresses if kind(item) is Kind.DOCUMENTATION and not target.allow_private]
    for address in target.reserved[:1]:
        yield RESERVED(
            about=domain,
            domain=domain,
            host=host,
            address=address,
            purpose=_purpose(address),
            status=status,
        )
    for address in examples[:1]:
        yield EXAMPLE(about=domain, domain=domain, host=host, address=address)


def _steps(domain: str, host: str) -> tuple[str, ...]:
    """The usual slip: without its final dot, a full name gets the domain appended once more."""
    written = host.removesuffix(f".{domain}")
    if written == host or "." not in written:
        return ()
    if literal_address(written):
        return (
            f"An MX record takes a name, and {written} is an address: give the mail server a name with that address.",
            f"Let the MX record of {domain} hold that name.",
        )
    return (
        f"If {written} is the server that is meant, its final dot is missing in the zone: write the MX record with {written}. (a dot at the end).",
        f"Otherwise publish the address of {host}, or correct the name in the MX record of {domain}.",
    )
