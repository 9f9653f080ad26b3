"""Words that mail servers and test messages use anyway: a password made of one of them cannot be told from them, and masking them would tell it.

Only for deciding what to keep of a stranger's words; says nothing about what they mean.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import cache

from checks.records.message import Letter, build_test_message
from checks.tables.replies import causes

_WORD = re.compile(r"[a-z0-9]+")
# Four of them are the prompts for user name and password in base64.
_REPLIES = """
    a abort aborted about above access according action activated active added administrator after alias alternative although an any
    answer app application applications apps are area arrived asked attached attachment attempt attempted auto automatic awaiting
    back banner base become been before begin being below between body both bounce broken browser bye bytes
    cached call called can cancelled cannot case certificate change changed channel check checked cipher click close closed closing code
    complete completed compliance concurrency condition config configuration configured connect connected connecting connection contact
    contacts contains correct correctly could count cram current currently data database date day days default delay delayed delete
    delivered delivery detected device digest directory disabled discarded disconnect disconnected disk domains done down during dynamic
    each early eight empty enable enabled end enforce enhanced enough enter entry envelope error errors esmtp event every exceeds
    exception excessive exchange existing expected expire expired external failure failures feature fetch few field file filter
    filtered final find fine first folder following format forward forwarded forwarding free further future gateway general get give given
    global go goodbye google got granted greeting group had hang hello help here high hold hop hostname hour hours how however html
    ident identity if ignored illegal imap inactive inbox include including info information input inside insufficient instead
    internal internet into ip iso issued it item its just keep key known last latest learn least length less level line lines link linked
    listed literal local location locked logging logins long lookup lost made mailing mailboxes maintenance make managed match max maximum
    may maybe mb mean mechanism mechanisms member memory microsoft might mime minute minutes mismatch mode modified more most move moved
    mx name names near need needed needs network never next nobody none noop normal note nothing notification now number object office
    ok okay old on once one online only open opened operation option options order org organization organisation original other our
    outgoing outlook overquota own owner page parameter parameters part partial parse passed passwd passwords path peer pending per
    perhaps permanent permission permit phase plain policies port possible postmaster pre preview previous primary private process
    processed processing product program proper protected protection protocol provided provider proxy public queue queued quit
    quote quoted read ready reason reasons receive received recent reconnect redirect reduce refuse refused refusing register registered
    reject rejecting rejection relayed release remote remove removed repeat repeated replace reply report request requested requests
    require requires reset resolve resource resources response restricted result results retry return returned reuse right root rset
    rule rules same sasl save scan scanned schedule search second seconds secret secure see seem selected sent separate sequence server
    servers services session set setting settings several shared short should show shut shutdown shutting sign signed simple since site
    slow soon sorry source spam specified speed ssl standard start started state status step still stop store stored stream string
    strong subject submit submitted succeeded success successful successfully sure switch table take taken target temp terminated test text
    than thank thanks their them then there these they thing think those three throttled throttling time timed timeout times today
    token tokens tomorrow top total traffic transaction transfer transmission transport trouble true trusted two types unavailable
    unauthorized undeliverable under unfortunately unique unit unlock until unverified up update updated upgrade upon usage use
    users uses validate validation value verification verified verify version virtual virus visit wait waiting want wants warning way we
    welcome well went what where whether which while who whole why will wish within without work working world would write wrong
    yes yet you yours zone
    alert alreadyexists authenticate authenticationfailed authorizationfailed badcharset bug cannot capability clientbug closed contactadmin
    corruption copyuid expunge expungeissued exists fetch flags haschildren highestmodseq inuse limit list login logout nonexistent noperm
    overquota parse permanentflags preauth privacyrequired recent search serverbug trycreate uidnext uidvalidity unavailable unseen
    mon tue wed thu fri sat sun jan feb mar apr jun jul aug sep oct nov dec monday january february march april june july august
    september october november december ugfzc3dvcmq6 vxnlcm5hbwu6 ugfzc3dvcmqa vxnlciboyw1laa com net org example https http www smtp mta msa mda postfix exim sendmail dovecot exchange
"""
_MESSAGES = """
    received from by with for id dkim signature domainkey domainkeys arc seal authentication results return path delivered reply list
    unsubscribe post message date subject mime version content type transfer encoding disposition charset boundary multipart mixed related
    quoted printable base64 bit utf ascii plain html head body style title meta div span table font color width height alternative
    envelope original sender recipient recipients precedence auto submitted generated feedback thread topic index language organization
    importance priority mailer agent user spam score status level flag virus scanned report checker reason bulk header headers relaxed simple
    rsa sha sha256 ed25519 pass fail softfail neutral none policy action reject quarantine smtp esmtp esmtps esmtpsa lmtp tls tlsv1 cipher
    bits helo mailfrom unknown may using verify not requested authenticated ms exchange organization antispam originating tenant office
    google gmail outlook
"""


@cache
def ordinary_words() -> frozenset[str]:
    """Return them in lower case: of the table of replies, of mail servers at large, of a message's header and of our own test message."""
    table = " ".join(words for row in causes() for words in row.fragments)
    sample = Letter(
        from_email="a@b.example",
        to="c@d.example",
        unique_id="sendready-0",
        date=datetime(2026, 1, 1, tzinfo=UTC),
        reply_to="a@b.example",
    )
    own = build_test_message(sample).decode("ascii", "replace")
    found = {word for word in _WORD.findall(f"{table} {own} {_REPLIES} {_MESSAGES}".lower()) if not word.isdecimal()}
    return frozenset(word for word in found if len(word) > 1 or word == "a")


def is_ordinary(text: str) -> bool:
    """Tell whether a text is made of such words alone."""
    words = _WORD.findall(text.lower())
    return bool(words) and all(word in ordinary_words() for word in words)
