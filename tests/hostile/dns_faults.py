"""Domains with one thing wrong, and healthy ones that other checkers call wrong: what must be said of each, by which section.

Each case is a healthy domain of which one part is replaced. `alarms` are all codes with the status fail or warn, no more and no less.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from tests.hostile.dns_worlds import World, ed25519_key, quoted, rsa_key

SENDS = "192.0.2.25"
PTR = "25.2.0.192.in-addr.arpa."
CLOSED = '@ TXT "v=spf1 ip4:192.0.2.25 -all"'
PREFIX = "v=spf1 ip4:192.0.2.25"


def dkim_text(tags: str = "v=DKIM1; k=rsa; p=", key: str = "") -> str:
    """A key record of the selector s1."""
    return f"s1._domainkey TXT {quoted(tags + (key or rsa_key()))}"


@dataclass(frozen=True, kw_only=True)
class Part:
    """Zone text that replaces the healthy one; None leaves it."""

    spf: str | None = None
    dkim: str | None = None
    dmarc: str | None = None
    mx: str | None = None
    ptr: str | None = None
    more: str = ""


@dataclass(frozen=True, kw_only=True)
class Case:
    """One domain."""

    name: str
    alarms: frozenset[str]
    part: Part
    domain: str = "club.example"
    selectors: tuple[str, ...] = ("s1",)
    unknown: bool = False
    """Something cannot be told for certain."""

    @property
    def world(self) -> World:
        """The whole zone."""
        part = self.part
        pieces = (
            CLOSED if part.spf is None else part.spf,
            dkim_text() if part.dkim is None else part.dkim,
            '_dmarc TXT "v=DMARC1; p=reject; rua=mailto:dmarc@club.example"' if part.dmarc is None else part.dmarc,
            "@ MX 10 mail\nmail A 192.0.2.25" if part.mx is None else part.mx,
            f"{PTR} PTR out.club.example.\nout.club.example. A 192.0.2.25" if part.ptr is None else part.ptr,
            part.more,
        )
        return World(zone="\n".join(pieces), domain=self.domain, sending_ips=(SENDS,), selectors=self.selectors)


def case(
    name: str,
    *alarms: str,
    domain: str = "club.example",
    selectors: tuple[str, ...] = ("s1",),
    unknown: bool = False,
    **parts: str,
) -> Case:
    """Write a case on few lines."""
    return Case(name=name, alarms=frozenset(alarms), domain=domain, selectors=selectors, unknown=unknown, part=Part(**parts))


def spf(name: str, text: str, *alarms: str, more: str = "", unknown: bool = False) -> Case:
    """A case about the text of the SPF record."""
    return case(name, *alarms, spf=f"@ TXT {quoted(text)}", more=more, unknown=unknown)


def dmarc(name: str, text: str, *alarms: str, more: str = "") -> Case:
    """A case about the text of the DMARC record."""
    return case(name, *alarms, dmarc=f"_dmarc TXT {quoted(text)}", more=more)


def dkim(name: str, tags: str, *alarms: str, key: str = "") -> Case:
    """A case about the text of the DKIM key."""
    return case(name, *alarms, dkim=dkim_text(tags, key))


def hosts(count: int) -> str:
    """Names h1, h2 ... with addresses."""
    return "\n".join(f"h{number} A 198.51.100.{number}" for number in range(1, count + 1))


def naming(count: int) -> str:
    """The terms that name them."""
    return " ".join(f"a:h{number}.club.example" for number in range(1, count + 1))


SPF = (
    # RFC 7208 section 4.6.4: ten terms that look something up; "a" is one of them, ip4, ip6, all and exp are not.
    spf("ten look-ups", f"{PREFIX} {naming(10)} exp=why.club.example -all", more=hosts(10)),
    spf("an eleventh look-up, by a:", f"{PREFIX} {naming(11)} -all", "spf.too-many-lookups", more=hosts(11)),
    spf(
        "an eleventh look-up, inside an include",
        f"{PREFIX} include:spf.mailer.example {naming(9)} -all",
        "spf.too-many-lookups",
        more=f'{hosts(9)}\nspf.mailer.example. TXT "v=spf1 a:h1.club.example -all"',
    ),
    spf(
        "an eleventh look-up, by redirect",
        f"{PREFIX} {naming(10)} redirect=spf.mailer.example",
        "spf.too-many-lookups",
        more=f'{hosts(10)}\nspf.mailer.example. TXT "v=spf1 -all"',
    ),
    spf("a redirect beside all costs nothing", f"{PREFIX} {naming(10)} -all redirect=spf.mailer.example", more=hosts(10)),
    spf(
        "an include of the same record twice costs twice",
        f"{PREFIX} {' '.join(['include:spf.mailer.example'] * 6)} -all",
        "spf.too-many-lookups",
        more='spf.mailer.example. TXT "v=spf1 a:mail.club.example -all"',
    ),
    # RFC 7208 section 5.2: an include that gives "none" is a permerror.
    spf(
        "an include of a name that has no SPF record",
        f"{PREFIX} include:spf.mailer.example -all",
        "spf.include-without-record",
        more='spf.mailer.example. TXT "hello"',
    ),
    spf("an include of a name that does not exist", f"{PREFIX} include:spf.mailer.example -all", "spf.include-without-record"),
    spf("a redirect to a name that does not exist", f"{PREFIX} redirect=spf.mailer.example", "spf.include-without-record"),
    spf(
        "an include of a name with two records",
        f"{PREFIX} include:spf.mailer.example -all",
        "spf.unusable-include",
        more='spf.mailer.example. TXT "v=spf1 -all"\nspf.mailer.example. TXT "v=spf1 ~all"',
    ),
    spf(
        "an include of a record with a mistake",
        f"{PREFIX} include:spf.mailer.example -all",
        "spf.unusable-include",
        more='spf.mailer.example. TXT "v=spf1 ip4:192.0.2.300 -all"',
    ),
    spf("an include of itself", f"{PREFIX} include:club.example -all", "spf.include-loop"),
    spf(
        "includes in circles",
        f"{PREFIX} include:spf.mailer.example -all",
        "spf.include-loop",
        more='spf.mailer.example. TXT "v=spf1 include:club.example -all"',
    ),
    spf(
        "an include behind an alias",
        f"{PREFIX} include:SPF.mailer.example. -all",
        more='spf.mailer.example. CNAME x.mailer.example.\nx.mailer.example. TXT "v=spf1 -all"',
    ),
    spf(
        "an include whose aliases run in circles",
        f"{PREFIX} include:spf.mailer.example -all",
        unknown=True,
        more="spf.mailer.example. CNAME x.mailer.example.\nx.mailer.example. CNAME spf.mailer.example.",
    ),
    # RFC 7208 section 4.6.4: two look-ups may find nothing.
    spf("two names that lead nowhere", f"{PREFIX} a:x1.club.example a:x2.club.example -all"),
    spf(
        "three names that lead nowhere",
        f"{PREFIX} a:x1.club.example a:x2.club.example a:x3.club.example -all",
        "spf.too-many-void-lookups",
    ),
    spf(
        "a mail server name without MX leads nowhere",
        f"{PREFIX} mx:x1.club.example a:x2.club.example exists:x3.club.example -all",
        "spf.too-many-void-lookups",
    ),
    spf(
        "names with IPv6 addresses only lead somewhere",
        f"{PREFIX} a:y1.club.example a:y2.club.example a:y3.club.example -all",
        more="y1 AAAA 2001:db8::1\ny2 AAAA 2001:db8::2\ny3 AAAA 2001:db8::3",
    ),
    # RFC 7208 section 4.6.4: at most ten MX names; beyond that a permerror.
    spf(
        "ten mail servers behind mx",
        f"{PREFIX} mx:many.example -all",
        more="\n".join(f"many.example. MX {n} h{n}" for n in range(1, 11)) + "\n" + hosts(10),
    ),
    spf(
        "eleven mail servers behind mx",
        f"{PREFIX} mx:many.example -all",
        "spf.too-many-mx",
        more="\n".join(f"many.example. MX {n} h{n}" for n in range(1, 12)) + "\n" + hosts(11),
    ),
    # RFC 7208 section 5.1.
    spf("+all", f"{PREFIX} +all", "spf.everybody-allowed"),
    spf("all without a sign is +all", f"{PREFIX} all", "spf.everybody-allowed"),
    spf("the whole internet as a network", f"{PREFIX} ip4:0.0.0.0/0 -all", "spf.everybody-allowed"),
    spf(
        "+all in an included record",
        f"{PREFIX} include:spf.mailer.example -all",
        "spf.everybody-allowed",
        more='spf.mailer.example. TXT "v=spf1 +all"',
    ),
    spf(
        "+all behind a redirect",
        f"{PREFIX} redirect=spf.mailer.example",
        "spf.everybody-allowed",
        more='spf.mailer.example. TXT "v=spf1 +all"',
    ),
    spf("-all, ~all and ?all are no alarm", f"{PREFIX} ?all"),
    spf("no all at all", PREFIX),
    spf("ptr is discouraged, not forbidden", f"{PREFIX} ptr:club.example -all"),  # RFC 7208 section 5.5
    spf("terms behind all", f"{PREFIX} -all include:spf.mailer.example", "spf.terms-after-all"),
    # RFC 7208 section 4.5: exactly "v=spf1", then a space or the end; case does not matter (section 12, RFC 5234 section 2.3).
    spf("a version that does not exist", "v=spf10 ip4:192.0.2.25 -all", "spf.missing"),
    case("a version that does not exist, beside the record", spf=f'{CLOSED}\n@ TXT "v=spf10 mx -all"'),
    spf("a space before the version", " v=spf1 ip4:192.0.2.25 -all", "spf.misspelt-version"),
    spf("a semicolon behind the version", "v=spf1; ip4:192.0.2.25 -all", "spf.misspelt-version"),
    spf("quotation marks within the record", '"v=spf1 ip4:192.0.2.25 -all"', "spf.misspelt-version"),
    spf("capitals", "V=SPF1 IP4:192.0.2.25 -ALL"),
    spf("several spaces, also at the end", "v=spf1  ip4:192.0.2.25   -all  "),  # RFC 7208 section 4.6.1: 1*SP
    case("two records", "spf.multiple-records", spf=f'{CLOSED}\n@ TXT "v=spf1 mx -all"'),
    case(
        "two records, one in strings that break within the version",
        "spf.multiple-records",
        spf=f'{CLOSED}\n@ TXT "v=sp" "f1 mx -all"',
    ),
    case("a record in strings that break within an address", spf='@ TXT "v=spf1 ip4:192.0" ".2.25 -all"'),  # RFC 7208 section 3.3
    case("a record of the type SPF only", "spf.missing", spf=f'@ SPF "{PREFIX} -all"'),  # section 3.1
    case("no record", "spf.missing", spf='@ TXT "google-site-verification=abc"'),
    case("the record at the doubled name", "spf.record-at-wrong-name", spf=f'club.example.club.example. TXT "{PREFIX} -all"'),
    case("a wildcard is no record of the domain itself", "spf.missing", spf='* TXT "v=spf1 mx -all"'),  # RFC 4592 section 2.2.2
    case(
        "a wildcard with a text answers for names that were forgotten",
        "dkim.other-text",
        "dmarc.missing",
        dkim="",
        dmarc="",
        more='* TXT "hello"\n*._domainkey TXT "hello"',
    ),
    # RFC 7208 section 4.6 and section 12: one mistake anywhere is a permerror.
    spf("an address that is none", f"{PREFIX} ip4:192.0.2.256 -all", "spf.syntax-error"),
    spf("an address with a leading zero", f"{PREFIX} ip4:192.0.2.01 -all", "spf.syntax-error"),
    spf("a network that is too narrow", f"{PREFIX} ip6:2001:db8::/129 -all", "spf.syntax-error"),
    spf(
        "a host that is an address", f"{PREFIX} a:192.0.2.1 -all", "spf.syntax-error"
    ),  # section 7.1: a top label is not a number
    spf("an include of nothing", f"{PREFIX} include: -all", "spf.syntax-error"),
    spf("a mechanism that does not exist", f"{PREFIX} ipv4:192.0.2.1 -all", "spf.syntax-error"),
    spf("two redirects", f"{PREFIX} redirect=a.example redirect=b.example", "spf.syntax-error"),
    spf("a macro that does not exist", f"{PREFIX} exists:%{{z}}.club.example -all", "spf.syntax-error"),
    spf("a tab between terms", "v=spf1 ip4:192.0.2.25\t-all", "spf.syntax-error"),
    spf("a comma between terms", "v=spf1 ip4:192.0.2.25,ip4:192.0.2.26 -all", "spf.syntax-error"),
    case("a long dash", "spf.syntax-error", spf='@ TXT "v=spf1 ip4:192.0.2.25 \\226\\128\\147all"'),
    spf("an equals sign in an include", f"{PREFIX} include=spf.mailer.example -all", "spf.ineffective-terms"),
    spf("a modifier that nobody knows", f"{PREFIX} ra=postmaster -all"),  # RFC 7208 section 6: MUST be ignored
    # RFC 7208 section 8: who may send.
    spf("a server that is not named", "v=spf1 ip4:192.0.2.26 -all", "spf.not-authorised"),
    spf("nobody may send", "v=spf1 -all", "spf.not-authorised"),
    spf("the version alone", "v=spf1", "spf.not-authorised"),
    spf("a server that is shut out before it is let in", "v=spf1 -ip4:192.0.2.0/24 ip4:192.0.2.25 -all", "spf.not-authorised"),
    spf(
        "a server that is named by an odd macro",
        "v=spf1 exists:%{ir}.%{v}._spf.%{d2} -all",
        more="25.2.0.192.in-addr._spf A 127.0.0.1",
    ),
    spf("a server that is named by its reverse name", "v=spf1 ptr:club.example -all"),
    spf("a server that is named by a mail server's network", "v=spf1 mx/28//64 -all"),
    spf(
        "a server that is shut out by a neutral include, and let in later",
        "v=spf1 include:spf.mailer.example a:mail.club.example -all",
        more='spf.mailer.example. TXT "v=spf1 -ip4:192.0.2.25 ?all"',
    ),  # section 5.2: a fail inside is no match
)

DKIM = (
    dkim("a key in one string after the other", "v=DKIM1; k=rsa; p="),
    case(
        "a key behind an alias",
        dkim=f"s1._domainkey CNAME s1.keys.example.\ns1.keys.example. TXT {quoted('v=DKIM1; p=' + rsa_key())}",
    ),
    case(
        "a key behind two aliases",
        dkim="s1._domainkey CNAME a.keys.example.\na.keys.example. CNAME b.keys.example.\n"
        f"b.keys.example. TXT {quoted('k=rsa;p=' + rsa_key())}",
    ),
    dkim("no version, no kind", "p="),  # RFC 6376 section 3.6.1: both have defaults
    dkim("capitals in the kind, and tags that nobody knows", "v=DKIM1; g=*; n=hello there; x=y; k=rsa; p="),
    dkim("spaces everywhere", " v = DKIM1 ; k = rsa ; p = "),  # RFC 6376 section 3.2
    case("spaces within the key", dkim=dkim_text("v=DKIM1; p=", " ".join(rsa_key()[at : at + 64] for at in range(0, 400, 64)))),
    dkim("a key without padding", "v=DKIM1; p=", key=rsa_key().rstrip("=")),
    dkim("Ed25519 alone is no alarm", "v=DKIM1; k=ed25519; p=", key=ed25519_key()),  # RFC 8463
    case(
        "Ed25519 beside RSA", selectors=("s1", "s2"), more=f"s2._domainkey TXT {quoted('v=DKIM1; k=ed25519; p=' + ed25519_key())}"
    ),
    dkim("Ed25519, and the kind is not given", "v=DKIM1; p=", "dkim.key-unreadable", key=ed25519_key()),
    dkim("1024 bits", "v=DKIM1; p=", key=rsa_key(1024)),  # RFC 8301 section 3.2: MUST accept 1024
    dkim("4096 bits", "v=DKIM1; p=", key=rsa_key(4096)),
    case("no key", "dkim.key-missing", dkim=""),
    case("an alias that leads nowhere", "dkim.alias-without-target", dkim="s1._domainkey CNAME s1.keys.example."),
    case("aliases in circles", dkim="s1._domainkey CNAME s1.keys.example.\ns1.keys.example. CNAME s1._domainkey", unknown=True),
    case(
        "the key at the doubled name",
        "dkim.key-at-doubled-name",
        dkim=f"s1._domainkey.club.example.club.example. TXT {quoted('v=DKIM1; p=' + rsa_key())}",
    ),
    case("a withdrawn key", "dkim.key-revoked", dkim='s1._domainkey TXT "v=DKIM1; p="'),  # RFC 6376 section 3.6.1
    dkim("a key that was cut off", "v=DKIM1; p=", "dkim.key-unreadable", key=rsa_key()[:-40]),
    dkim("a key that was cut off within four characters", "v=DKIM1; p=", "dkim.key-unreadable", key=rsa_key()[:-43]),
    dkim("a kind that nobody knows", "v=DKIM1; k=dsa; p=", "dkim.key-unreadable"),
    dkim("a version that does not exist", "v=DKIM2; p=", "dkim.key-unreadable"),
    dkim("a version in small letters", "v=dkim1; p=", "dkim.key-unreadable"),
    dkim("a version that is not the first tag", "k=rsa; v=DKIM1; p=", "dkim.key-slips"),
    dkim("sha1 only", "v=DKIM1; h=sha1; p=", "dkim.key-without-sha256"),  # RFC 8301 section 3.1
    dkim("sha1 and sha256", "v=DKIM1; h=sha1:sha256; p="),
    dkim("a key for other services", "v=DKIM1; s=tlsrpt; p=", "dkim.key-not-for-mail"),
    dkim("a key for mail", "v=DKIM1; s=email; t=s; p="),
    dkim(
        "a key with its armour",
        "v=DKIM1; p=",
        "dkim.key-unreadable",
        key=f"-----BEGIN PUBLIC KEY-----{rsa_key()}-----END PUBLIC KEY-----",
    ),
    case("two keys at one name", "dkim.multiple-keys", dkim=f"{dkim_text()}\n{dkim_text('v=DKIM1; p=', rsa_key(1024))}"),
    case("a text that is no key", "dkim.other-text", dkim='s1._domainkey TXT "hello"'),
    case("an empty text", "dkim.other-text", dkim='s1._domainkey TXT ""'),
    case(
        "quotation marks within the record",
        "dkim.key-unreadable",
        dkim=f"s1._domainkey TXT {quoted(chr(34) + 'v=DKIM1; p=' + rsa_key() + chr(34))}",
    ),
    dkim("backslashes before the semicolons", "v=DKIM1\\; k=rsa\\; p=", "dkim.key-unreadable"),
    case(
        "a key of a sub-domain's parent",
        dkim=f"s1._domainkey.club.example. TXT {quoted('v=DKIM1; p=' + rsa_key())}",
        domain="news.club.example",
    ),
)

DMARC = (
    dmarc("in any case and spacing", "v=DMARC1;p = Reject ;  adkim=S; aspf=r;fo=1:d:s ; "),
    case("in several strings", dmarc='_dmarc TXT "v=DMA" "RC1; p=rej" "ect"'),
    dmarc("a version tag in a capital", "V=DMARC1; p=reject"),  # RFC 9989 section 4.8: only "DMARC1" is case-sensitive
    dmarc("tags that the standard dropped", "v=DMARC1; p=reject; pct=100; rf=afrf; ri=86400"),
    dmarc("a policy of none", "v=DMARC1; p=none; rua=mailto:dmarc@club.example"),
    dmarc("a report address that nobody agreed to", "v=DMARC1; p=reject; rua=mailto:x@reports.example"),
    dmarc("a report address of the wrong kind", "v=DMARC1; p=reject; rua=https://reports.example/"),
    dmarc("a size limit", "v=DMARC1; p=reject; rua=mailto:x@club.example!10m"),
    dmarc("other texts beside it", "v=DMARC1; p=reject", more='_dmarc TXT "hello"\n_dmarc TXT "v=spf1 -all"'),
    case("behind an alias at a provider", dmarc='_dmarc CNAME club.dmarc.example.\nclub.dmarc.example. TXT "v=DMARC1; p=reject"'),
    case("an alias that leads nowhere", "dmarc.alias-without-target", dmarc="_dmarc CNAME club.dmarc.example."),
    case("aliases in circles", dmarc="_dmarc CNAME x.dmarc.example.\nx.dmarc.example. CNAME _dmarc", unknown=True),
    case("no record", "dmarc.missing", dmarc=""),
    case("SPF at the name of DMARC", "dmarc.missing", dmarc='_dmarc TXT "v=spf1 -all"'),
    case("two records", "dmarc.multiple-records", dmarc='_dmarc TXT "v=DMARC1; p=reject"\n_dmarc TXT "v=DMARC1; p=none"'),
    # RFC 9989 section 4.10: two at one level are discarded, and the walk goes on; neither of the two counts.
    case(
        "two records at a sub-domain, one above it",
        "dmarc.multiple-records",
        domain="news.club.example",
        dmarc='_dmarc TXT "v=DMARC1; p=none"\n_dmarc TXT "v=DMARC1; p=reject"\n_dmarc.club.example. TXT "v=DMARC1; p=reject"',
    ),
    case(
        "two records above a sub-domain",
        "dmarc.multiple-records",
        domain="news.club.example",
        dmarc='_dmarc.club.example. TXT "v=DMARC1; p=none"\n_dmarc.club.example. TXT "v=DMARC1; p=reject"',
    ),
    case(
        "a record above a sub-domain",
        dmarc='_dmarc.club.example. TXT "v=DMARC1; p=quarantine; sp=reject"',
        domain="news.club.example",
    ),
    # RFC 9989 section 4.7: v=DMARC1 comes first, exactly.
    dmarc("a version in small letters", "v=dmarc1; p=reject", "dmarc.miswritten-version"),
    dmarc("a space before the version", " v=DMARC1; p=reject", "dmarc.miswritten-version"),
    dmarc("no semicolon behind the version", "v=DMARC1 p=reject", "dmarc.miswritten-version"),
    dmarc("a comma behind the version", "v=DMARC1, p=reject", "dmarc.miswritten-version"),
    dmarc("a version that does not exist", "v=DMARC10; p=reject", "dmarc.miswritten-version"),
    dmarc("quotation marks within the record", '"v=DMARC1; p=reject"', "dmarc.miswritten-version"),
    dmarc("the version at the end", "p=reject; v=DMARC1", "dmarc.missing"),
    # RFC 9989 section 4.10.1: without a valid p there is nothing, but with an address for reports it is p=none.
    dmarc("no policy", "v=DMARC1", "dmarc.unusable-record"),
    dmarc("no policy, but reports", "v=DMARC1; rua=mailto:x@club.example", "dmarc.policy-missing"),
    dmarc("a policy that does not exist", "v=DMARC1; p=block", "dmarc.unusable-record"),
    dmarc("a policy that does not exist, but reports", "v=DMARC1; p=block; rua=mailto:x@club.example", "dmarc.policy-missing"),
    dmarc(
        "a wrong policy for sub-domains",
        "v=DMARC1; p=reject; sp=block; rua=mailto:x@club.example",
        "dmarc.invalid-subdomain-policy",
    ),
    dmarc("a wrong policy for sub-domains, and no reports", "v=DMARC1; p=reject; sp=block", "dmarc.unusable-record"),
    dmarc("a tag twice", "v=DMARC1; p=none; p=reject", "dmarc.slips"),  # RFC 6376 section 3.2
    dmarc("two semicolons", "v=DMARC1; p=reject;; sp=reject"),
    case(
        "the record at the doubled name",
        "dmarc.misplaced-record",
        dmarc='_dmarc.club.example.club.example. TXT "v=DMARC1; p=reject"',
    ),
    case("the record at the domain itself", "dmarc.misplaced-record", dmarc='@ TXT "v=DMARC1; p=reject"'),
)

MX = (
    case("several mail servers, IPv6 only among them", mx="@ MX 10 a\n@ MX 10 b\na A 192.0.2.25\nb AAAA 2001:db8::1"),
    case("no MX, but an address", mx="@ A 192.0.2.80"),  # RFC 5321 section 5.1
    case("neither MX nor address", "mx.missing", mx=""),
    case("a domain that takes no mail", "mx.null-record", mx="@ MX 0 ."),  # RFC 7505
    case(
        "a domain that takes no mail, and a mail server", "mx.null-beside-others", mx="@ MX 0 .\n@ MX 10 mail\nmail A 192.0.2.25"
    ),
    case("an address for a mail server", "mx.target-literal", mx="@ MX 10 192.0.2.25."),  # RFC 5321 section 5.1
    case("an alias for a mail server", "mx.target-alias", mx="@ MX 10 mail\nmail CNAME out"),  # RFC 2181 section 10.3
    case("localhost for a mail server", "mx.target-reserved", mx="@ MX 10 localhost."),
    case("a mail server that does not exist", "mx.target-unresolvable", mx="@ MX 10 mail"),
    case(
        "a second mail server that does not exist", "mx.target-unresolvable", mx="@ MX 10 mail\n@ MX 20 gone\nmail A 192.0.2.25"
    ),
    case("a mail server inside the office", "mx.target-reserved", mx="@ MX 10 mail\nmail A 10.0.0.1"),
    case(
        "a mail server whose name has the domain twice",
        "mx.target-unresolvable",
        mx="@ MX 10 mail.club.example.club.example.\nmail A 192.0.2.25",
    ),
    case("a mail server with a dot within a label", "mx.target-unresolvable", mx="@ MX 10 mail\\.club.example."),
    case("a mail server with bytes that are no letters", "mx.target-unresolvable", mx="@ MX 10 m\\228il.\\000\\255.example."),
    case("aliases in circles for a mail server", mx="@ MX 10 a\na CNAME b\nb CNAME a", unknown=True),
    case("twelve mail servers", mx="\n".join(f"@ MX {n} h{n}" for n in range(1, 13)) + "\n" + hosts(12)),
)

REVERSE = (
    case("no reverse name", "reverse.sender-without-name", ptr=""),
    case("a reverse name that leads elsewhere", "reverse.sender-unconfirmed", ptr=f"{PTR} PTR out\nout A 192.0.2.99"),
    case("a reverse name that does not exist", "reverse.sender-unconfirmed", ptr=f"{PTR} PTR out"),
    case(
        "a reverse name made from the address",
        "reverse.sender-generic",
        ptr=f"{PTR} PTR 192-0-2-25.isp.example.\n192-0-2-25.isp.example. A {SENDS}",
    ),
    case(
        "a reverse name of a dial-up connection",
        "reverse.sender-generic",
        ptr=f"{PTR} PTR x1.dyn.isp.example.\nx1.dyn.isp.example. A {SENDS}",
    ),
    case("two reverse names, one of them good", ptr=f"{PTR} PTR out\n{PTR} PTR other\nout A {SENDS}"),
    # RFC 2317: a small network's reverse names are kept elsewhere, behind an alias.
    case(
        "a reverse name behind an alias",
        ptr=f"{PTR} CNAME 25.0-63.2.0.192.in-addr.arpa.\n25.0-63.2.0.192.in-addr.arpa. PTR out\nout A {SENDS}",
    ),
    case("reverse aliases in circles", ptr=f"{PTR} CNAME x.example.\nx.example. CNAME {PTR}", unknown=True),
)


@cache
def whole() -> tuple[Case, ...]:
    """Cases about the domain as a whole, and about answers that are large or odd."""
    texts = "\n".join(f'@ TXT "token-{number}={"x" * 40}"' for number in range(900))
    huge = "\n".join(f"@ TXT {quoted(str(number) + 'x' * 3_000)}" for number in range(20))
    return (
        case("a healthy domain"),
        case("900 texts beside the record", spf=f"{CLOSED}\n{texts}"),
        case("an answer of 60 kilobytes", spf=f"{CLOSED}\n{huge}"),
        case("900 texts, and none is the record", "spf.missing", spf=texts),
        case(
            "bytes that are no text, beside the records",
            spf=f'{CLOSED}\n@ TXT "\\000\\255\\027[31m" ""',
            more='_dmarc TXT "\\255\\254"',
        ),
        case(
            "a record of 2,000 characters",
            spf=f"@ TXT {quoted(PREFIX + ''.join(f' ip4:198.51.100.{n}' for n in range(100)) + ' -all')}",
        ),
        case(
            "an alias for the domain itself",
            spf="@ CNAME club.host.example.",
            mx="",
            dkim=dkim_text(),
            more=f'club.host.example. TXT "{PREFIX} -all"\nclub.host.example. MX 10 out.club.example.',
        ),
        case(
            "an alias for the domain itself that leads nowhere",
            "spf.missing",
            "mx.missing",
            spf="@ CNAME club.host.example.",
            mx="",
        ),
        case(
            "aliases in circles for the domain itself",
            spf="@ CNAME a.example.\na.example. CNAME club.example.",
            mx="",
            unknown=True,
        ),
        case("a domain that does not exist", "mx.domain-missing", domain="clbu.example", spf="", mx="", dkim="", dmarc=""),
        case(
            "a domain that does not exist, below one that has DMARC",
            "mx.domain-missing",
            domain="nwes.club.example",
            spf="",
            mx="",
            dkim="",
            dmarc='_dmarc.club.example. TXT "v=DMARC1; p=reject"',
        ),
        case(
            "a domain that does not exist, and nothing was named",
            "mx.domain-missing",
            domain="clbu.example",
            selectors=(),
            spf="",
            mx="",
            dkim="",
            dmarc="",
        ),
        case(
            "a domain that is only names below it", "spf.missing", "mx.missing", spf="", mx="", more="www A 192.0.2.80"
        ),  # RFC 8020 section 3
        case("no selector is known", selectors=()),
        case("no selector is known, and there is no key", "dkim.no-keys", dkim="", selectors=()),
    )


def cases() -> tuple[Case, ...]:
    """Every case."""
    return (*SPF, *DKIM, *DMARC, *MX, *REVERSE, *whole())
