"""SPF record is spelt correctly.

What it checks:
The SPF record is the line in DNS that lists who may send mail for the domain. Each of its terms is read as the standard wants it,
and also for slips that the standard allows but nobody intends.

Why it matters:
Receivers read the record to the letter. One mistake anywhere makes the whole record void, for all mail; a term behind the last one
("all") is skipped, so that the sender that it names is not allowed to send.

How to fix it:
Replace the record by the corrected one that is shown. Where the intention cannot be told, correct the term that is named: terms are
separated by single spaces, and look like ip4:192.0.2.1 or include:spf.example.org.
"""

from collections.abc import Iterator, Sequence

from checks.evidence import Evidence
from checks.model import DnsChange, Finding, Outcome, Owner, Status
from checks.records.spf import Kind, Problem, parse
from checks.records.spf_repair import repaired
from checks.rules._spf import Own, Skip, own_record, short
from checks.subject import DomainSubject

VALID = Outcome(
    code="spf.valid-syntax",
    status=Status.PASS,
    title="The SPF record of {domain} is spelt correctly",
    references=("RFC 7208 section 12",),
    also=("record",),
)
ERROR = Outcome(
    code="spf.syntax-error",
    status=Status.FAIL,
    title='The SPF record of {domain} has a mistake at character {position}, so receivers cannot use it: in "{term}", {mistake}',
    owner=Owner.DNS_ADMIN,
    steps=("Replace the SPF record at {domain} by the one below.",),
    references=("RFC 7208 section 4.6",),
    also=("published", "mistakes"),
)
AFTER_ALL = Outcome(
    code="spf.terms-after-all",
    status=Status.WARN,
    title='The SPF record of {domain} goes on behind its last term "{last}"; receivers do not read {terms}',
    owner=Owner.DNS_ADMIN,
    steps=('Move {terms} before "{last}" in the SPF record at {domain}.',),
    references=("RFC 7208 section 5.1",),
    also=("published",),
)
IGNORED = Outcome(
    code="spf.ineffective-terms",
    status=Status.WARN,
    title='The SPF record of {domain} has terms that do nothing: in "{term}", {mistake}',
    owner=Owner.DNS_ADMIN,
    steps=("Correct {terms} in the SPF record at {domain}.",),
    references=("RFC 7208 section 6",),
    also=("published", "position"),
)
IGNORED_REDIRECT = Outcome(
    code="spf.ignored-redirect",
    status=Status.NOTE,
    title='The SPF record of {domain} has both "{last}" and "{term}"; receivers ignore the second',
    owner=Owner.DNS_ADMIN,
    steps=(
        'Take out "{term}". If the senders that it leads to are needed, write include: instead of redirect= and put it before "{last}".',
    ),
    references=("RFC 7208 section 6.1",),
    also=("published",),
)
NOT_JUDGED = Outcome(
    code="spf.no-record-to-read",
    status=Status.NOT_APPLICABLE,
    weighs=(Status.NOT_RUN,),
    title="{domain}: the spelling of the SPF record was not judged, because {reason}",
)
MISTAKES = {
    Kind.NON_ASCII: "there is a character that is no plain letter, digit or sign; often a dash or quotation mark from a word processor",
    Kind.CONTROL: "there is a tab or line break; only spaces separate terms",
    Kind.UNKNOWN_MECHANISM: "the word is not one that SPF knows",
    Kind.SPACE_INSIDE: "there is a space inside the term",
    Kind.COMMA: "there is a comma; spaces separate terms",
    Kind.EMPTY_DOMAIN: "the domain is missing",
    Kind.BAD_DOMAIN: "what should be a domain is none",
    Kind.ADDRESS_FOR_NAME: "there is an address where a name belongs; addresses are written ip4:192.0.2.1 or ip6:2001:db8::1",
    Kind.BAD_MACRO: "there is a % that begins no macro",
    Kind.MISSING_ADDRESS: "the address is missing",
    Kind.BAD_IP4: "what should be an IPv4 address is none",
    Kind.BAD_IP6: "what should be an IPv6 address is none",
    Kind.BAD_CIDR: "the number behind the slash does not fit (IPv4: 0 to 32, IPv6: 0 to 128)",
    Kind.ALL_ARGUMENT: '"all" takes nothing behind it',
    Kind.TOO_LONG: "the record has more terms than any receiver is going to read",
    Kind.DUPLICATE_MODIFIER: "the term is there a second time",
    Kind.EQUALS_SIGN: "there is = where : belongs, so receivers skip the term",
    Kind.SECOND_VERSION: "a second record begins within the first",
    Kind.ODD_DOMAIN: "there is a comma inside the name; spaces separate terms",
}

GLUED = (
    "a space is missing: the record is published in several strings, and receivers join them without one"  # RFC 7208 section 3.3
)


def judge(subject: DomainSubject, ev: Evidence) -> Iterator[Finding]:
    """Read the record and report what receivers trip over, then what they skip."""
    domain = subject.domain
    own = own_record(subject, ev, readable=False)
    if isinstance(own, Skip):
        yield NOT_JUDGED(about=domain, domain=domain, reason=own.reason, status=own.status)
        return
    record = own.record
    glued = bool(own.spaced) and bool(record.fatal) and not parse(own.spaced).problems
    meant = own.spaced if glued else repaired(record)
    if record.fatal:
        yield _error(domain, own, record.fatal, meant, GLUED if glued else "")
    yield from _skipped(domain, own, own.changes(meant))
    if not record.problems:
        yield VALID(about=domain, domain=domain, record=record.text)


def _error(domain: str, own: Own, problems: Sequence[Problem], meant: str, mistake: str) -> Finding:
    first = problems[0]
    mistakes = [
        f"at character {problem.position + 1}, in {short(problem.text)}, {MISTAKES[problem.kind]}" for problem in problems[:5]
    ]
    return ERROR(
        about=domain,
        domain=domain,
        position=first.position + 1,
        term=short(first.text),
        mistake=mistake or MISTAKES[first.kind],
        mistakes=[f"{short(problem.text)} ({problem.kind.value})" for problem in problems][:20],
        published=own.record.text,
        records=own.changes(meant),
        steps=own.steps(meant, f"Correct the SPF record at {domain}: {'; '.join(mistakes)}."),
    )


def _skipped(domain: str, own: Own, fixed: list[DnsChange]) -> Iterator[Finding]:
    by_kind = {kind: [problem for problem in own.record.problems if problem.kind is kind] for kind in Kind}
    last = own.record.all.text if own.record.all else ""
    text = own.record.text
    if late := by_kind[Kind.AFTER_ALL]:
        terms = [short(problem.text) for problem in late][:10]
        yield AFTER_ALL(about=domain, domain=domain, published=text, last=last, terms=terms, records=fixed)
    if odd := [*by_kind[Kind.EQUALS_SIGN], *by_kind[Kind.SECOND_VERSION], *by_kind[Kind.ODD_DOMAIN]]:
        terms = [short(problem.text) for problem in odd][:10]
        yield IGNORED(
            about=domain, domain=domain, published=text, term=terms[0], mistake=MISTAKES[odd[0].kind], position=odd[0].position + 1,
            terms=terms, records=fixed,
        )  # fmt: skip
    if aside := by_kind[Kind.REDIRECT_IGNORED]:
        yield IGNORED_REDIRECT(about=domain, domain=domain, published=text, last=last, term=short(aside[0].text))
