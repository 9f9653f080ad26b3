"""DKIM key is published.

What it checks:
A mail server can sign what it sends (this is called DKIM). Receivers verify the signature with a key that they fetch from DNS, below
the domain that recipients see, under a name chosen by the sender: the selector. The check looks for the key of every selector that you
named or that the provider of the server is known to use.

Why it matters:
If the server signs with a selector whose key is not in DNS, every signature counts as broken. Gmail and Outlook.com require a valid
signature from those who send to 5,000 people a day, WEB.DE requires one from everybody.

How to fix it:
Publish the record that your mail server or provider shows for its selector, at exactly that name. If you do not know the selector, look
into a message that the server has sent: it is the word after "s=" in the header line DKIM-Signature.
"""

from collections.abc import Iterator, Sequence

from checks.evidence import Evidence
from checks.model import Action, DnsChange, Finding, Outcome, Owner, Status
from checks.probes import DnsProbe
from checks.records.dkim import is_key
from checks.rules._absent import is_absent
from checks.rules._dkim import Alias, Group, Spot, Why, alias_of, doubled_keys, doubled_name, has_no_selectors, look
from checks.rules._dmarc import BULK_REFERENCE, by_volume
from checks.subject import DomainSubject
from checks.tables.dkim import setup_of

PRESENT = Outcome(
    code="dkim.present",
    status=Status.PASS,
    title="{domain} publishes the DKIM key of the selector {selector}",
    also=("name", "aliases"),
    references=("RFC 6376 section 3.6.2",),
)
AT_PARENT = Outcome(
    code="dkim.key-at-parent",
    status=Status.NOTE,
    title="The DKIM key of the selector {selector} is published at {parent}, not at {domain}; the server has to sign as {parent}",
    also=("name", "aliases"),
    references=("RFC 6376 section 3.6.2.1", "RFC 9989 section 4.4.1"),
)
MISSING = Outcome(
    code="dkim.key-missing",
    status=Status.FAIL,
    title="{name} does not exist: the DKIM key of the selector {selector} is not published",
    owner=Owner.DNS_ADMIN,
    steps=(
        "Look up in the mail server or at its provider which record belongs to the selector {selector}, and add it at {name}.",
        "If the server signs with another selector, correct the selector in the settings instead.",
    ),
    also=("domain",),
    references=("RFC 6376 section 6.1.2",),
)
DOUBLED = Outcome(
    code="dkim.key-at-doubled-name",
    status=Status.FAIL,
    title="The DKIM key of the selector {selector} was published at {wrong}; the domain is there twice",
    owner=Owner.DNS_ADMIN,
    steps=("Rename the record from {wrong} to {name}. Many DNS panels add the domain by themselves: enter only {short} there.",),
    references=("RFC 6376 section 3.6.2.1",),
)
DOUBLED_KEYS = Outcome(
    code="dkim.keys-at-doubled-name",
    status=Status.WARN,
    weighs=(Status.FAIL,),
    title="{domain} has DKIM records only below {wrong}, where the domain stands twice and no receiver looks",
    owner=Owner.DNS_ADMIN,
    steps=(
        "Move each record that ends in {wrong} to the same name below _domainkey.{domain}.",
        "Many DNS panels add the domain by themselves: enter only what stands before the domain there, such as selector._domainkey.",
    ),
    references=("RFC 6376 section 3.6.2.1", BULK_REFERENCE),
)
DANGLING = Outcome(
    code="dkim.alias-without-target",
    status=Status.FAIL,
    weighs=(Status.WARN, Status.NOTE),
    title="{name} is an alias for {target}, but there is no DKIM key at that name",
    owner=Owner.DNS_ADMIN,
    steps=(
        "Compare {target} letter by letter with the target that the provider shows, and correct the alias (CNAME) at {name}.",
        "If it is right, switch signing on at the provider: only then does it publish the key.",
    ),
    also=("selector", "aliases"),
    references=("RFC 6376 section 3.6.2.1",),
)
WRONG_ALIAS = Outcome(
    code="dkim.alias-to-wrong-key",
    status=Status.FAIL,
    weighs=(Status.WARN, Status.NOTE),
    title="{name} is an alias for {target}, where {provider} does not keep the key of this selector for {domain}",
    owner=Owner.DNS_ADMIN,
    steps=(
        "Look up the target of {name} in the administration of {provider}; it has one of these forms: {expected}.",
        "Correct the alias (CNAME) at {name}.",
    ),
    also=("selector", "aliases"),
    references=("RFC 6376 section 3.6.2.1",),
)
ALIAS_ELSEWHERE = Outcome(
    code="dkim.alias-elsewhere",
    status=Status.NOTE,
    title="The DKIM key at {name} lies at {target}, not at {provider}",
    owner=Owner.MAIL_ADMIN,
    steps=(
        "If another service signs the mail of {domain} with the selector {selector}, nothing needs to be done.",
        "If {provider} signs it, let the alias (CNAME) lead to {provider}; the target has one of these forms: {expected}.",
    ),
    also=("aliases",),
    references=("RFC 6376 section 3.6.2.1",),
)
OTHER_TEXT = Outcome(
    code="dkim.other-text",
    status=Status.FAIL,
    title="{name} holds a text record, but no DKIM key",
    owner=Owner.DNS_ADMIN,
    steps=(
        "Replace the record at {name} by the key record that the mail server or its provider shows for the selector {selector}.",
    ),
    also=("published",),
    references=("RFC 6376 section 3.6.1",),
)
PROVIDER_MISS = Outcome(
    code="dkim.provider-key-not-found",
    status=Status.WARN,
    weighs=(Status.NOTE,),
    title="The DKIM keys that {provider} usually uses ({selectors}) were not found at {domain}",
    owner=Owner.DNS_ADMIN,
    steps=(
        "Look up in the administration of {provider} whether DKIM is set up for {domain}, and add the records that it shows.",
        "If the server signs with another selector, name it in the settings.",
    ),
)
OTHER_KEY = Outcome(
    code="dkim.other-key-found",
    status=Status.NOTE,
    title="{domain} publishes the DKIM key of {found}, but none that {provider} usually uses ({selectors}); "
    "whether your mail is signed with it is not known",
    owner=Owner.US,
    steps=(
        'Open a message that the server has sent, show its full header, and find the line DKIM-Signature that has "d={domain}".',
        'The word after "s=" in that line is the selector. Enter it in the settings of the server, or give it with --selector.',
        "If there is no such line, switch DKIM on at {provider} and add the records that it shows.",
    ),
    references=("RFC 6376 section 3.5",),
)
USUAL_MISS = Outcome(
    code="dkim.usual-keys-not-found",
    status=Status.NOTE,
    title="{domain}: no DKIM key was found under the usual selectors ({selectors}); which one signs is not known, so its key was not checked",
    owner=Owner.US,
    steps=(
        'Open a message that the server has sent, show its full header, and find the line DKIM-Signature that has "d={domain}".',
        'The word after "s=" in that line is the selector.',
        "Enter the selector in the settings of the server, or give it with --selector, and check again.",
    ),
    references=("RFC 6376 section 3.5",),
)
NO_KEYS = Outcome(
    code="dkim.no-keys",
    status=Status.WARN,
    weighs=(Status.FAIL,),
    title="{domain} publishes no DKIM key at all: _domainkey.{domain} does not exist",
    owner=Owner.DNS_ADMIN,
    steps=(
        "Switch on DKIM in the mail server or at its provider, and add the DNS records that it shows below _domainkey.{domain}.",
        "Name the selector in the settings, so that it can be checked.",
    ),
    references=("RFC 8020 section 2", BULK_REFERENCE),
)
UNKNOWN_SELECTOR = Outcome(
    code="dkim.selector-unknown",
    status=Status.NOTE,
    title="The DKIM selector of {domain} is not known, so its key was not checked; a received message shows it",
    owner=Owner.US,
    steps=(
        'Open a message that the server has sent, show its full header, and find the line DKIM-Signature that has "d={domain}".',
        'The word after "s=" in that line is the selector.',
        "Enter the selector in the settings of the server and check again.",
    ),
    references=("RFC 6376 section 3.5",),
)
NO_DOMAIN = Outcome(
    code="dkim.domain-missing",
    status=Status.NOT_APPLICABLE,
    title="{domain} does not exist, so there is no DKIM key to look for (see mx.record)",
    references=("RFC 8020 section 2",),
)
NOT_FROM = Outcome(
    code="dkim.not-from",
    status=Status.NOT_APPLICABLE,
    title="{domain} is not a domain that recipients see; its DKIM keys are not asked for",
)


def judge(subject: DomainSubject, ev: Evidence) -> Iterator[Finding]:
    """Say of every selector whether its key is there, the certain ones first."""
    if not subject.header_from:
        yield NOT_FROM(about=subject.domain, domain=subject.domain)
        return
    groups = look(subject, ev)
    if not any(group.found for group in groups) and is_absent(subject.domain, ev):
        yield NO_DOMAIN(about=subject.domain, domain=subject.domain)
        return
    for group in groups:
        yield from _found(subject, group)
        if group.why is Why.NAMED and not group.found and not group.failed:
            yield from _named_miss(subject.domain, group, ev)
    for group in groups:
        group.settle(ev)
    yield from _not_found(subject, [group for group in groups if group.why is not Why.NAMED and not group.found], groups, ev)


def _found(subject: DomainSubject, group: Group) -> Iterator[Finding]:
    for spot in group.found:
        wrong = alias_of(group, spot)
        if wrong is Alias.WRONG:
            yield _wrong_alias(subject.domain, group, spot)
            continue
        yield _present(subject.domain, spot)
        # A selector that somebody named for no server of ours may be any service's.
        ours = group.why in (Why.SERVER, Why.SPF) or (group.why is Why.NAMED and subject.servers)
        if wrong is Alias.ELSEWHERE and ours:
            yield _misled(ALIAS_ELSEWHERE, Status.NOTE, subject.domain, group, spot)


def _present(domain: str, spot: Spot) -> Finding:
    aliases, selector, name = list(spot.reading.chain), spot.selector, spot.name
    if spot.domain != domain:
        return AT_PARENT(about=domain, domain=domain, parent=spot.domain, selector=selector, name=name, aliases=aliases)
    return PRESENT(about=domain, domain=domain, selector=selector, name=name, aliases=aliases)


def _wrong_alias(domain: str, group: Group, spot: Spot) -> Finding:
    """Whoever named the selector knows that it signs; of a provider that only takes the domain's mail in, not even that is known."""
    return _misled(WRONG_ALIAS, {Why.NAMED: Status.FAIL, Why.MX: Status.NOTE}.get(group.why, Status.WARN), domain, group, spot)


def _misled(outcome: Outcome, status: Status, domain: str, group: Group, spot: Spot) -> Finding:
    setup, chain = setup_of(group.provider), spot.reading.chain
    return outcome(
        about=domain,
        status=status,
        domain=spot.domain,
        name=spot.name,
        selector=spot.selector,
        target=chain[-1],
        aliases=list(chain),
        provider=group.provider.name if group.provider else "the provider",
        expected=list(setup.expected(spot.selector, spot.domain)) if setup else [],
    )


def _dangling(domain: str, group: Group, spot: Spot) -> Finding:
    """An alias that leads to where the provider keeps its keys is right: then signing is not switched on there."""
    if alias_of(group, spot) in (Alias.WRONG, Alias.ELSEWHERE):
        return _wrong_alias(domain, group, spot)
    status = {Why.NAMED: Status.FAIL, Why.USUAL: Status.NOTE}.get(group.why, Status.WARN)
    setup, chain = setup_of(group.provider), spot.reading.chain
    return DANGLING(
        about=domain,
        status=status,
        name=spot.name,
        selector=spot.selector,
        target=chain[-1],
        aliases=list(chain),
        steps=setup.worded(spot.domain) if setup and alias_of(group, spot) is Alias.RIGHT else (),
    )


def _named_miss(domain: str, group: Group, ev: Evidence) -> Iterator[Finding]:
    spot = group.spots[0]
    selector, name = spot.selector, spot.name
    if spot.others:
        yield OTHER_TEXT(about=domain, name=name, selector=selector, published=[text[:200] for text in spot.others[:5]])
    elif spot.dangling:
        yield _dangling(domain, group, spot)
    elif wrong := doubled_name(spot, ev):
        yield _doubled(domain, spot, wrong, ev)
    else:
        setup = setup_of(group.provider)
        yield MISSING(about=domain, domain=domain, name=name, selector=selector, steps=setup.worded(domain) if setup else ())


def _doubled(domain: str, spot: Spot, wrong: DnsProbe, ev: Evidence) -> Finding:
    keys = [text for text in ev[wrong].values if is_key(text)]
    records: list[DnsChange] = []
    if len(keys) == 1 and not ev[wrong].chain and not spot.reading.chain:
        records = [
            DnsChange(action=Action.ADD, name=spot.name, type="TXT", value=keys[0]),
            DnsChange(action=Action.REMOVE, name=wrong.name, type="TXT", value=keys[0]),
        ]
    short = f"{spot.selector}._domainkey"
    return DOUBLED(about=domain, name=spot.name, selector=spot.selector, wrong=wrong.name, short=short, records=records)


def _not_found(subject: DomainSubject, missed: Sequence[Group], groups: Sequence[Group], ev: Evidence) -> Iterator[Finding]:
    """Judge the selectors that nobody named. A guess that missed is "not found here", unless DNS proves that there is nothing."""
    domain = subject.domain
    if groups and not missed:
        return
    steps = next((setup.worded(domain) for setup in (setup_of(group.provider) for group in missed) if setup), ())
    if not any(spot.dangling for group in missed for spot in group.spots) and has_no_selectors(domain, ev):
        weight = by_volume(subject.volume)
        if wrong := doubled_keys(domain, ev):
            yield DOUBLED_KEYS(about=domain, domain=domain, status=weight, wrong=wrong)
        else:
            yield NO_KEYS(about=domain, domain=domain, status=weight, steps=steps)
    elif not groups:
        yield UNKNOWN_SELECTOR(about=domain, domain=domain)
    else:
        usual = [spot.selector for group in groups if group.why is Why.USUAL for spot in group.found]
        yield from (_miss(domain, group, usual) for group in _telling(missed))


def _telling(missed: Sequence[Group]) -> list[Group]:
    """Every server's provider counts; of mere guesses the best is enough."""
    servers = [group for group in missed if group.why is Why.SERVER]
    return servers or sorted(missed, key=lambda group: (group.why, not group.signed_as_itself))[:1]


def _miss(domain: str, group: Group, usual: Sequence[str]) -> Finding:
    dangling = next((spot for spot in group.spots if spot.dangling), None)
    setup = setup_of(group.provider)
    if dangling is not None:
        return _dangling(domain, group, dangling)
    if group.why is Why.USUAL:
        return USUAL_MISS(about=domain, domain=domain, selectors=list(group.selectors))
    provider = group.provider.name if group.provider else "the provider"
    if usual and group.why >= Why.SPF:
        return OTHER_KEY(about=domain, domain=domain, found=list(usual), provider=provider, selectors=list(group.selectors))
    # A provider that signs with its own domain instead makes alignment fail; of others it is not known what they sign with.
    certain = group.signed_as_itself and group.why < Why.MX
    return PROVIDER_MISS(
        about=domain,
        status=Status.WARN if certain else Status.NOTE,
        domain=domain,
        provider=provider,
        selectors=list(group.selectors),
        steps=setup.worded(domain) if setup else (),
    )
