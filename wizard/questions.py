"""The questions that the wizard asks, as data. Prompts, answers files and `--set` are three feeders of this one list.

The words for people stand here; how a question is put is wizard.prompter, in which order is wizard.flow. A key is the place of the
value in the settings document (`sender.email`), so that an answers file reads like one. What a question means for the document is
wizard.answered.
"""

from __future__ import annotations

from collections.abc import Mapping

from checks.secret import SecretSource
from checks.settings import Auth
from wizard import conditions, parsing, proposals
from wizard.common_questions import COMMON_QUESTIONS
from wizard.question import Group, Kind, Question, one_of

SERVER_QUESTIONS: tuple[Question, ...] = (
    Question(
        key="sender.email",
        group=Group.SERVER,
        section="Sender",
        label="Sender's address",
        words="Which address does the mail come from?",
        why="Recipients see it, and their servers check whether its domain allows this mail.",
        help="The address that recipients see as the sender of newsletters and invoices. Its domain, the part behind the @, is what DNS records are checked for.\n"
        "Take an address that really exists: answers and error messages come back to it. A second server with another sender can be added later.",
        example="office@example.org",
        parse=parsing.address,
    ),
    Question(
        key="sender.name",
        group=Group.SERVER,
        section="Sender",
        label="Sender's name",
        words="Which name do recipients see beside that address?",
        why="A name is recognised faster than an address.",
        help="Mail programs show it in place of, or beside, the address: Example Club <office@example.org>.\n"
        "Take the name under which customers know you. Leave it empty and they see the bare address.",
        example="Example Club",
        optional=True,
    ),
    Question(
        key="sender.reply_to",
        group=Group.SERVER,
        section="Sender",
        label="Replies go to",
        words="Where do replies go, if not to the sender's address?",
        why="Useful when nobody reads the sender's mailbox.",
        help="When somebody presses Reply, the message goes here. Without an answer it goes to the sender's address.\n"
        "Use it when the sender is something like newsletter@ and your staff read another mailbox.",
        example="service@example.org",
        parse=parsing.address,
        optional=True,
    ),
    Question(
        key="host",
        group=Group.SERVER,
        section="Server",
        label="Server",
        words="Which server takes the mail? (its name, without port)",
        why="Your mail provider calls it the SMTP server or outgoing server.",
        help="It stands in your provider's help under SMTP, outgoing mail or sending mail, and often begins with smtp. or mail.; in a mail program that already works it stands in the account's settings.\n"
        "The server for incoming mail (IMAP, POP) is often another one. Give the name alone, without port and without https://.",
        example="smtp.example.org",
        parse=parsing.host,
        propose=proposals.host,
        resets=("password.value",),
    ),
    Question(
        key="connection",
        group=Group.SERVER,
        section="Server",
        label="Port and encryption",
        words="Which port, and how is the connection protected?",
        why="The two belong together; your provider's instructions name both.",
        help="STARTTLS: the connection begins unencrypted, and a command switches encryption on before password and mail travel. Here it is required: a server that does not switch it on gets neither. Port 587 usually works this way.\n"
        "Implicit TLS: the connection is encrypted from the first byte. Port 465 usually works this way; many programs call it SSL or SSL/TLS.\n"
        "Take what your provider's instructions say. Both are equally safe; if they name both, take 465, and if they name none, try 465 first and then 587. Port 25 is for mail servers among themselves.\n"
        "Another port: choose something else and type port and protection, like 2525 starttls, 2525 implicit-tls or 2525 none.",
        example="587 starttls",
        kind=Kind.CHOICE,
        parse=parsing.connection,
        choices=conditions.connections,
        open_choice=True,
        other="2525 starttls",
        propose=proposals.connection,
        remark=conditions.connection_remark,
        follows=("host",),
    ),
    Question(
        key="name",
        group=Group.SERVER,
        section="Server",
        label="Name of this server",
        words="What do you want to call this server?",
        why="Reports and commands use this name.",
        help='Any short name. It appears in reports and is what you type to mean this server, as in: sendready send-test --server "Office 365".\n'
        "Each server needs a name of its own.",
        example="Office 365",
        check=conditions.name_is_free,
        propose=proposals.server_name,
        derived=True,
    ),
    Question(
        key="auth",
        group=Group.SERVER,
        section="Login",
        label="Login method",
        words="How does the dispatcher log in?",
        why="Nearly every server wants a login. The first choice takes the safest method that the server knows.",
        help="The best that the server offers: we look at what it knows and take the safest way to show it the password. This is right unless your provider's instructions name a method.\n"
        "XOAUTH2 and OAUTHBEARER log in with a token that expires, in place of a password; some providers take nothing else.\n"
        "No login: only for a server in your own network that lets this machine send.",
        example="auto",
        kind=Kind.CHOICE,
        parse=one_of(*(auth.value for auth in Auth)),
        check=conditions.auth_fits,
        choices=conditions.AUTH,
        propose=proposals.auth,
    ),
    Question(
        key="username",
        group=Group.SERVER,
        section="Login",
        label="User name",
        words="Which user name does it log in with?",
        why="Most providers want the whole mail address.",
        help="What stands as user name in a mail program that already sends through this server. With most providers it is the whole address; with some it is a customer number or the part before the @.\n"
        "If the login is refused although the password is right, this is the first thing to look at.",
        example="office@example.org",
        propose=proposals.username,
        derived=True,
        when=conditions.logs_in,
        when_words="there is a login (auth is not none, and the connection is encrypted)",
        always_valid=True,
    ),
    Question(
        key="password.source",
        group=Group.SERVER,
        section="Login",
        label="Password is kept in",
        words="Where is the password kept?",
        why="The settings hold only this place, never the password, so they can be shown and shared.",
        help="A file: we store the password beside the settings, readable for this user only. Simple, and right for most.\n"
        "An environment variable, a command or a systemd credential: the password stays with the system that you have for it; you set it up, we only read it.\n"
        'The keyring of the desktop is offered where it can be used; it needs the extra: pip install "sendready[keyring]".',
        example="file",
        kind=Kind.CHOICE,
        parse=one_of(*(source.value for source in SecretSource)),
        check=conditions.source_works,
        choices=conditions.sources,
        propose=proposals.secret_source,
        when=conditions.logs_in,
        when_words="there is a login (auth is not none, and the connection is encrypted)",
        said=True,
        resets=("password.ref", "password.value", "password.expires"),
    ),
    Question(
        key="password.ref",
        group=Group.SERVER,
        section="Login",
        label="Password's place",
        words="What is that place called? (not the password itself)",
        why="The dispatcher looks for the password there.",
        hint=conditions.place,
        help="A file: its path, seen from the settings file, like smtp.password. A variable: its name, like SMTP_PASSWORD. A keyring entry: service/user. A command: the whole line, like pass show mail/smtp. A credential: its name.\n"
        "This text is stored in the settings and shown in reports, so it must not be the password.",
        example="smtp.password",
        check=conditions.ref_fits,
        propose=proposals.secret_ref,
        follows=("password.source",),
        when=conditions.logs_in,
        when_words="there is a login (auth is not none, and the connection is encrypted)",
        said=True,
        resets=("password.value", "password.expires"),
    ),
    Question(
        key="password.value",
        group=Group.SERVER,
        section="Login",
        label="Password",
        words="The password (nothing is shown while you type):",
        why="It is stored in the place that you named, when the settings are saved. A single - leaves that to you for later.",
        help="The password of the mailbox, or the app password that your provider makes you create for programs: many refuse the normal one when two-step login is on.\n"
        "Nothing appears while you type, not even stars. It is written only to the place that you named, when you save; a draft never holds it.",
        example="",
        kind=Kind.HIDDEN,
        when=conditions.keeps_password_here,
        hint=conditions.password_again,
        optional=True,
        answerable=False,
    ),
    Question(
        key="password.expires",
        group=Group.SERVER,
        section="Login",
        label="Last day of the secret",
        words="Until which day is that secret good, that one included? (Enter if you do not know)",
        why="Nobody can see it from outside. With the day, the check warns in time, and calendar.ics reminds you.",
        help="A token is made with a secret of the application, and that secret has a last day: it is shown where the application is registered, beside the secret. Some app passwords have one too.\n"
        "From the day after on, the login is refused and no mail leaves. Year-month-day, like 2027-01-31.",
        example="2027-01-31",
        parse=parsing.day,
        remark=conditions.over_remark,
        follows=("password.source", "password.ref"),
        when=conditions.secret_ends,
        when_words="there is a login (auth is not none, and the connection is encrypted)",
        optional=True,
    ),
    Question(
        key="filter",
        group=Group.SERVER,
        section="Senders",
        label="Senders that use it",
        words="Which senders use this server? (addresses or domains, separated by commas)",
        why="office@example.org is one sender, @example.org a whole domain, @*.example.org its sub-domains. The default server also takes everybody else.",
        help="The dispatcher looks at the sender of each message and takes the server whose filter fits best: an exact address before a domain, a domain before its sub-domains. What fits no filter goes to the default server.\n"
        "With a single server, the proposal is right. Two servers must not have the same filter.",
        example="@example.org",
        kind=Kind.LIST,
        parse=parsing.patterns,
        propose=proposals.sender_filter,
        remark=conditions.filter_remark,
        optional=True,
    ),
    Question(
        key="limit.per",
        group=Group.SERVER,
        section="Limit",
        label="Send limit per",
        words="Is there a limit on how much may be sent?",
        why="Providers stop mailboxes that send too much. The dispatcher waits instead of running into that wall.",
        help="Choose the span for which your provider names a number: 500 a day, 100 an hour. The dispatcher counts, and keeps the rest for later.\n"
        "If you know of no limit, choose none: the check compares your planned volume with what the provider publishes.",
        example="day",
        kind=Kind.CHOICE,
        parse=one_of("none", "hour", "day", "week"),
        choices=conditions.fixed(none="No limit", hour="Per hour", day="Per day", week="Per week"),
        propose=proposals.no_limit,
        hint=conditions.provider_limits,
    ),
    Question(
        key="limit.max",
        group=Group.SERVER,
        section="Limit",
        label="Send limit",
        words="How many messages at most in that time?",
        why="Your provider's terms name the number.",
        follows=("limit.per",),
        help="The number from your provider's terms for the span that you chose. Mails in your own mail program count there too, so stay a little below it if people write with the same mailbox.\n"
        "Thousands may be written 10,000 or 10.000.",
        example="500",
        kind=Kind.NUMBER,
        parse=parsing.count,
        when=conditions.limited,
        when_words="limit.per is hour, day or week",
    ),
    Question(
        key="selectors",
        group=Group.SERVER,
        section="Signature",
        label="DKIM selectors",
        words="What is the DKIM selector? (several: separated by commas; Enter if you do not know)",
        why="The server signs mail with a key, and the key's name is the selector. A received message shows it.",
        help="With the selector we can look up the public half of the key in DNS and see whether it is there and strong enough. Selectors cannot be listed or guessed, so without it this part stays untested.\n"
        "To find it, open a message that came through this server, let your mail program show the original (source, headers), and look for the line DKIM-Signature: the word behind s= is the selector. The provider's instructions for DKIM name it too.\n"
        "You may paste it with s= in front, or the whole DNS name with ._domainkey in it.",
        example="selector1",
        kind=Kind.LIST,
        parse=parsing.selectors,
        hint=conditions.known_selectors,
        optional=True,
    ),
    Question(
        key="dkim_since",
        group=Group.SERVER,
        section="Signature",
        label="DKIM key in use since",
        words="Since which day has the DKIM key been in use? (Enter if you do not know)",
        why="Nobody can see the age of a key from outside. With the day, calendar.ics reminds you of the next key.",
        help="The first day on which mail was signed with this key and selector, as year-month-day. A key is best changed every half year; nothing breaks if you do not.\n"
        "If the selector is another one now, this is the first day of the new key.",
        example="2026-06-01",
        parse=parsing.day,
        remark=conditions.to_come_remark,
        follows=("selectors",),
        when=conditions.key_age_known,
        when_words="the settings say it already, or you say it here",
        optional=True,
    ),
    # The rest of a server is for answers files: a person who needs one of these knows what it is called.
    Question(key="limit.unit", group=Group.SERVER, section="Limit", label="Limit counts", words="", why="", example="recipients", kind=Kind.CHOICE, parse=one_of("messages", "recipients"), when=conditions.limited, when_words="limit.per is hour, day or week", optional=True, prompted=False),
    Question(key="limit.window", group=Group.SERVER, section="Limit", label="Limit's window", words="", why="", example="sliding", kind=Kind.CHOICE, parse=one_of("calendar", "sliding"), when=conditions.limited, when_words="limit.per is hour, day or week", optional=True, prompted=False),
    Question(key="limit.on_exceed", group=Group.SERVER, section="Limit", label="Above the limit", words="", why="", example="defer", kind=Kind.CHOICE, parse=one_of("defer", "reject"), when=conditions.limited, when_words="limit.per is hour, day or week", optional=True, prompted=False),
    Question(key="burst.max", group=Group.SERVER, section="Limit", label="Burst limit", words="", why="", example="27", kind=Kind.NUMBER, parse=parsing.count, optional=True, prompted=False),
    Question(key="burst.per", group=Group.SERVER, section="Limit", label="Burst limit per", words="", why="", example="minute", kind=Kind.CHOICE, parse=one_of("second", "minute"), optional=True, prompted=False),
    Question(key="return_path", group=Group.SERVER, section="Sender", label="Bounces go to", words="", why="", example="bounces@example.org", parse=parsing.address, optional=True, prompted=False),
    Question(key="ehlo", group=Group.SERVER, section="Server", label="Own name (EHLO)", words="", why="", example="app.example.org", parse=parsing.host, optional=True, prompted=False),
    Question(key="provider", group=Group.SERVER, section="Server", label="Provider", words="", why="", example="microsoft365", optional=True, prompted=False),
)  # fmt: skip

ANOTHER = Question(
    key="another",
    group=Group.SERVER,
    section="Another server",
    label="Another server",
    words="Do you want to add another server?",
    why="Some senders may need a server of their own.",
    help="One server is enough for most. A second one makes sense when other senders have a provider of their own, or when newsletters shall not use up the limit of the office mailbox.",
    example="no",
    kind=Kind.YES_NO,
    parse=parsing.yes_no,
    propose=proposals.another,
    answerable=False,
)

QUESTIONS: tuple[Question, ...] = (*SERVER_QUESTIONS, *COMMON_QUESTIONS)
BY_KEY: Mapping[str, Question] = {question.key: question for question in (*QUESTIONS, ANOTHER)}

__all__ = ["ANOTHER", "BY_KEY", "COMMON_QUESTIONS", "QUESTIONS", "SERVER_QUESTIONS"]
