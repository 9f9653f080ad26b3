"""SPF record fits into one answer.

What it checks:
The domain's text records come together in one answer. The check counts its bytes, and the length of the SPF record itself.

Why it matters:
An answer of more than 512 bytes does not fit into the smallest kind of packet. Receivers then ask a second time in another way, which
nearly all do; a few behind old firewalls get no answer.

How to fix it:
Take out text records that nobody needs any more, such as those that once proved to a service that the domain is yours. A long SPF record
becomes shorter if addresses are written as networks, or if a part of it is moved behind an include.
"""

from collections.abc import Iterator

from checks.evidence import Evidence
from checks.model import Finding, Outcome, Owner, Status
from checks.probes import DnsProbe, DnsReading
from checks.rules._spf import Skip, own_record
from checks.subject import DomainSubject

INFORMATIONAL = True
MAX_ANSWER = 512  # RFC 1035 section 4.2.1: what a packet holds without further agreement
MAX_RECORD = 450  # RFC 7208 section 3.4: then the rest of the answer has room beside it
HEADER = 12  # RFC 1035 section 4.1.1
QUESTION = 6  # RFC 1035 section 4.1.2: type, class, and the name's two extra bytes
FIELDS = 12  # RFC 1035 section 4.1.3: a pointer to the name, type, class, time to live, length

FITS = Outcome(
    code="spf.answer-fits",
    status=Status.PASS,
    title="The answer with the SPF record of {domain} has {size} bytes and fits into one packet of {limit}",
    references=("RFC 7208 section 3.4",),
    volatile=("size",),
)
LONG_RECORD = Outcome(
    code="spf.long-record",
    status=Status.NOTE,
    title="The SPF record of {domain} has {length} characters; from about {limit} on, the answer is too long for one small packet",
    owner=Owner.DNS_ADMIN,
    steps=(
        "Shorten the SPF record at {domain}: write neighbouring addresses as one network, and take out what no longer sends.",
    ),
    references=("RFC 7208 section 3.4",),
    also=("published", "size"),
)
LONG_ANSWER = Outcome(
    code="spf.long-answer",
    status=Status.NOTE,
    title="The {count} text records of {domain} make an answer of {size} bytes, more than one small packet of {limit} holds",
    owner=Owner.DNS_ADMIN,
    steps=("Take out the text records at {domain} that no service needs any more. Keep the SPF record.",),
    references=("RFC 7208 section 3.4",),
    volatile=("size", "count"),
)
NOT_JUDGED = Outcome(
    code="spf.size-not-judged",
    status=Status.NOT_APPLICABLE,
    weighs=(Status.NOT_RUN,),
    title="{domain}: the length of the SPF record was not judged, because {reason}",
)


def judge(subject: DomainSubject, ev: Evidence) -> Iterator[Finding]:
    """Count bytes as they are on the wire."""
    domain = subject.domain
    own = own_record(subject, ev, readable=False)
    if isinstance(own, Skip):
        yield NOT_JUDGED(about=domain, domain=domain, reason=own.reason, status=own.status)
        return
    reading = ev.need(DnsProbe(domain, "TXT"))
    size, text = answer_size(domain, reading), own.record.text
    if len(text) > MAX_RECORD:
        yield LONG_RECORD(about=domain, domain=domain, length=len(text), limit=MAX_RECORD, published=text, size=size)
    elif size > MAX_ANSWER:
        yield LONG_ANSWER(about=domain, domain=domain, count=len(reading.records), size=size, limit=MAX_ANSWER)
    else:
        yield FITS(about=domain, domain=domain, size=size, limit=MAX_ANSWER)


def answer_size(name: str, reading: DnsReading) -> int:
    """Return the bytes of the answer, without what servers may add to it."""
    aliases = sum(FIELDS + len(alias) + 2 for alias in reading.chain)
    strings = [record.strings or (record.value,) for record in reading.records]
    texts = sum(
        FIELDS + sum(len(string) + 1 for string in each) for each in strings
    )  # RFC 1035 section 3.3: a length before each
    return HEADER + QUESTION + len(name) + aliases + texts
