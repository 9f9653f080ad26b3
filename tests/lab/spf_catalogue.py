"""The SPF of a generated domain: random trees at and over every limit, and records that are wrong in themselves."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from .spf_shapes import ELSEWHERE, MISTAKES, SHARED, Shaper, Spf
from .spf_trees import MAX_LOOKUPS, Record, Term

LEAVES = ("a", "a", "mx", "exists", "ptr", "listed", "sender")
VOID = ("void_a", "void_mx", "void_exists")
WILDCARD = "wildcard"
BREAKING = ("nothing", "nothing", "twice", "misspelt", "loop", "many_mx")


def random_tree(shaper: Shaper, *, cost: int, void: int = 0, breaking: str = "", let_in: bool = True) -> Record:
    """Return a tree that costs so many look-ups, with so many that find nothing."""
    rng = shaper.rng
    special = [*(rng.choice(VOID) for _ in range(void)), *([breaking] if breaking else [])]
    extra = 1 if breaking == "loop" else 0  # the loop may take two
    links = rng.randint(0, max(0, cost - len(special) - extra))
    ordinary = [rng.choice(LEAVES) for _ in range(max(0, cost - links - len(special) - extra))]
    leaves = [*ordinary, *special]
    rng.shuffle(leaves)
    tree = shaper.tree(shaper.domain, leaves, links)
    if let_in:
        shaper.let_in(tree)
    return tree


def healthy(shaper: Shaper) -> Spf:
    """Any legal tree; half of them at the very limit."""
    cost = shaper.rng.choice([0, 1, 2, 3, 5, 8, *[MAX_LOOKUPS] * 6])
    void = shaper.rng.randint(0, min(2, cost))
    return shaper.finished(f"{cost} look-ups, {void} void", random_tree(shaper, cost=cost, void=void))


def over(shaper: Shaper) -> Spf:
    """One look-up too many, or many."""
    cost = shaper.rng.choice([MAX_LOOKUPS + 1] * 5 + [12, 14, 20, 40])
    return shaper.finished(f"{cost} look-ups", random_tree(shaper, cost=cost))


def over_by_one_kind(shaper: Shaper) -> Spf:
    """Ten or eleven terms of one kind, side by side or each within the one before."""
    kind = shaper.rng.choice(["a", "mx", "exists", "ptr", "listed", "include", "redirect", "nested"])
    cost = shaper.rng.choice([MAX_LOOKUPS, MAX_LOOKUPS + 1])
    if kind in ("include", "redirect", "nested"):
        tree = _linked(shaper, kind, cost)
    else:
        tree = Record(
            name=shaper.domain, terms=[*(shaper.leaf(kind) for _ in range(cost)), Term(kind="all", text="all", sign="-")]
        )
    _first(shaper, tree)
    return shaper.finished(f"{cost} of {kind}", tree)


def _linked(shaper: Shaper, kind: str, cost: int) -> Record:
    end = Term(kind="all", text="all", sign="~")
    if kind == "include":
        below = [Record(name=shaper.new_name(), terms=[end]) for _ in range(cost)]
        return Record(name=shaper.domain, terms=[*map(_include, below), end])
    record = Record(name=shaper.new_name(), terms=[end])
    for depth in range(cost):
        link = Term(kind="redirect", text=f"redirect={record.name}", record=record) if kind == "redirect" else _include(record)
        name = shaper.domain if depth == cost - 1 else shaper.new_name()
        record = Record(name=name, terms=[link] if kind == "redirect" else [link, end])
    return record


def _include(record: Record) -> Term:
    return Term(kind="include", text=f"include:{record.name}", record=record)


def _first(shaper: Shaper, tree: Record) -> None:
    """Name the senders before anything can go wrong."""
    for address in shaper.senders:
        tree.terms.insert(0, Term(kind="ip", text=f"ip{6 if ':' in address else 4}:{address}", networks=(address,)))


def too_void(shaper: Shaper) -> Spf:
    """Two or three look-ups that find nothing, at the front or anywhere."""
    void = shaper.rng.choice([2, 3, 3, 4])
    return shaper.finished(f"{void} void", random_tree(shaper, cost=shaper.rng.randint(void, MAX_LOOKUPS), void=void))


def broken(shaper: Shaper) -> Spf:
    """One broken place anywhere in a tree that is legal otherwise."""
    breaking = shaper.rng.choice(BREAKING)
    cost = shaper.rng.randint(2, MAX_LOOKUPS)
    return shaper.finished(f"{breaking} among {cost}", random_tree(shaper, cost=cost, breaking=breaking))


def dead_redirect(shaper: Shaper) -> Spf:
    """RFC 7208 section 6.1: a redirect to a name without record."""
    name = shaper.new_name(shared=True)
    onward = Term(kind="redirect", text=f"redirect={name}", flaw="spf.include-without-record")
    tree = Record(name=shaper.domain, terms=[onward])
    _first(shaper, tree)
    return shaper.finished("redirect to nothing", tree)


def shut_out(shaper: Shaper) -> Spf:
    """Legal, but nobody named the senders."""
    return shaper.finished("not named", random_tree(shaper, cost=shaper.rng.randint(0, MAX_LOOKUPS), let_in=False))


def one_family(shaper: Shaper) -> Spf:
    """Names with addresses of the other family only: the third is one too many (RFC 7208 section 4.6.4) for whom it comes to."""
    count = shaper.rng.choice([2, 3])
    hosts = [shaper.host(ELSEWHERE[shaper.rng.choice([0, 1])]) for _ in range(count)]
    terms = [Term(kind="a", text=f"a:{host.name}", hosts=(host,)) for host in hosts]
    tree = Record(name=shaper.domain, terms=[Term(kind="all", text="all", sign="-")])
    _first(shaper, tree)
    tree.terms[:0] = terms
    return shaper.finished(f"{count} names of one family", tree)


def open_to_all(shaper: Shaper) -> Spf:
    """RFC 7208 section 5.1, at any depth."""
    tree = random_tree(shaper, cost=shaper.rng.randint(0, MAX_LOOKUPS - 1))
    holder = shaper.rng.choice([each for each in tree.records() if all(term.kind != "redirect" for term in each.terms)])
    holder.terms = [*(term for term in holder.terms if term.kind != "all"), Term(kind="all", text="all", sign="+")]
    return shaper.finished("+all", tree)


def many_names(shaper: Shaper) -> Spf:
    """Ten MX names are allowed, and any number of reverse names."""
    term = shaper.leaf("mx") if shaper.rng.random() < 0.2 else shaper._mx(10)
    tree = Record(name=shaper.domain, terms=[term, Term(kind="all", text="all", sign="-")])
    _first(shaper, tree)
    return shaper.finished("ten MX names", tree)


def macros(shaper: Shaper) -> Spf:
    """Names that are made of the domain itself are followed like any others (RFC 7208 section 7)."""
    below = Record(name=f"{shaper.domain}.c{shaper.number}.{SHARED}")
    spelt = shaper.rng.choice(["%{d}", "%{o}", "%{D}", "%{d99}"])
    host = shaper.host(*ELSEWHERE, name=f"web.{shaper.domain}")
    below.terms = [Term(kind="a", text="a:web.%{o}", hosts=(host,)), Term(kind="all", text="all", sign="-")]
    tree = Record(name=shaper.domain)
    text = f"{spelt}.c{shaper.number}.{SHARED}"
    if shaper.rng.random() < 0.5:
        tree.terms = [Term(kind="redirect", text=f"redirect={text}", record=below)]
    else:
        tree.terms = [Term(kind="include", text=f"include:{text}", record=below), Term(kind="all", text="all", sign="~")]
    shaper.let_in(tree)
    return shaper.finished(f"{spelt} in a name", tree)


# --- records that are wrong in themselves -------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Written:
    """A text, and what must be said of it; * stands for the terms that name the senders."""

    text: str
    alarms: tuple[str, ...] = ()
    lookups: int | None = None


def _named(shaper: Shaper) -> str:
    return " ".join(f"ip{6 if ':' in address else 4}:{address}" for address in shaper.senders)


WRITTEN = (
    Written(text="v=spf1 * -all", lookups=0),
    Written(text="v=spf1  *   ~all  ", lookups=0),
    Written(text="V=SPF1 * ?ALL", lookups=0),
    Written(text="v=spf1 *", lookups=0),
    Written(text="v=spf1 * ra=x rp=100 rr=all -all", lookups=0),
    Written(text="v=spf1 * -all -all", alarms=("spf.terms-after-all",), lookups=0),
    Written(text=f"v=spf1 * -all include:nothing.{SHARED}", alarms=("spf.terms-after-all",), lookups=0),
    Written(text=f"v=spf1 * redirect=nothing.{SHARED} -all", lookups=0),
    Written(text=f"v=spf1 * -all redirect=nothing.{SHARED}", lookups=0),
    Written(text=f"v=spf1 * include=open.{SHARED} -all", alarms=("spf.ineffective-terms",), lookups=0),
    Written(text="v=spf1 * v=spf1 ip4:198.51.100.1 -all", alarms=("spf.ineffective-terms",), lookups=0),
    Written(text="v=spf1 * all", alarms=("spf.everybody-allowed",), lookups=0),
    Written(text="v=spf1 * +all", alarms=("spf.everybody-allowed",), lookups=0),
    Written(text="v=spf1 * ip4:0.0.0.0/0 -all", alarms=("spf.everybody-allowed",), lookups=0),
    Written(text="v=spf1 * ip6:::/0 -all", alarms=("spf.everybody-allowed",), lookups=0),
    Written(text="v=spf1 ip4:128.0.0.0/1 ip4:0.0.0.0/1 * -all", alarms=("spf.everybody-allowed",), lookups=0),
    Written(text=f"v=spf1 * include:open.{SHARED} -all", alarms=("spf.everybody-allowed",), lookups=1),
    Written(text=f"v=spf1 * redirect=open.{SHARED}", alarms=("spf.everybody-allowed",), lookups=1),
    Written(text=f"v=spf1 * ?include:closed.{SHARED} -include:closed.{SHARED} ~all", lookups=2),
    Written(text="v=spf1 -all", alarms=("spf.not-authorised",), lookups=0),
    Written(text="v=spf1", alarms=("spf.not-authorised",), lookups=0),
    Written(text="v=spf1 ~all", alarms=("spf.not-authorised",), lookups=0),
    Written(text="v=spf1 ?all *", alarms=("spf.not-authorised", "spf.terms-after-all"), lookups=0),
    Written(text="v=spf1 ?ip4:0.0.0.0/0 ?ip6:::/0 * -all", alarms=("spf.not-authorised",), lookups=0),
    Written(text="v=spf10 * -all", alarms=("spf.missing",)),
    Written(text="spf1 * -all", alarms=("spf.misspelt-version",)),
    Written(text=" v=spf1 * -all", alarms=("spf.misspelt-version",)),
    Written(text="v=spf1, * -all", alarms=("spf.misspelt-version",)),
    Written(text="v = spf1 * -all", alarms=("spf.misspelt-version",)),
    Written(text="spf2.0/pra * -all", alarms=("spf.missing",)),
    Written(text="v=spf1 * " + " ".join(f"ip4:198.51.100.{n}" for n in range(120)) + " -all", lookups=0),
)  # fmt: skip


def written(shaper: Shaper) -> Spf:
    """One of the texts above, alone or beside other texts."""
    case = shaper.rng.choice(WRITTEN)
    shaper.text(shaper.domain, case.text.replace("*", _named(shaper)))
    if shaper.rng.random() < 0.3:
        shaper.zone.add(shaper.domain, 'TXT "google-site-verification=abc"')
    return Spf(
        shape=case.text[:60], alarms=frozenset(case.alarms), lookups=case.lookups, legal="spf.misspelt-version" not in case.alarms
    )


def mistaken(shaper: Shaper) -> Spf:
    """A mistake of the grammar anywhere in the record (RFC 7208 section 4.6)."""
    mistake = shaper.rng.choice(MISTAKES)
    words = [_named(shaper), mistake, "mx"]
    shaper.rng.shuffle(words)
    shaper.text(shaper.domain, " ".join(["v=spf1", *words, "-all"]))
    return Spf(shape=f"mistake {mistake}", alarms=frozenset({"spf.syntax-error"}), legal=False)


def none_at_all(shaper: Shaper) -> Spf:
    """No record, or one where nobody looks."""
    kind = shaper.rng.choice(["none", "text", "type 99", WILDCARD, "www"])
    lines = {
        "none": (),
        "text": ((shaper.domain, 'TXT "hello"'),),
        "type 99": ((shaper.domain, 'SPF "v=spf1 -all"'),),
        WILDCARD: ((f"*.{shaper.domain}", 'TXT "v=spf1 -all"'),),
        "www": ((f"www.{shaper.domain}", 'TXT "v=spf1 -all"'),),
    }
    for name, rest in lines[kind]:
        shaper.zone.add(name, rest)
    return Spf(shape=f"no record: {kind}", alarms=frozenset({"spf.missing"}), wildcard=kind == WILDCARD)


def doubled_name(shaper: Shaper) -> Spf:
    """The domain is there twice."""
    shaper.text(f"{shaper.domain}.{shaper.domain}", f"v=spf1 {_named(shaper)} -all")
    return Spf(shape="doubled name", alarms=frozenset({"spf.record-at-wrong-name"}))


def several(shaper: Shaper) -> Spf:
    """RFC 7208 section 4.5."""
    for text in shaper.rng.choice(
        [("v=spf1 mx -all", "v=spf1 -all"), ("v=spf1", "V=SPF1 a"), ("v=spf1 foo", "v=spf1 -all", "v=spf1 ~all")]
    ):
        shaper.text(shaper.domain, text)
    return Spf(shape="several records", alarms=frozenset({"spf.multiple-records"}), legal=False)


SHAPES: tuple[tuple[Callable[[Shaper], Spf], int], ...] = (
    (healthy, 8), (over, 3), (over_by_one_kind, 4), (too_void, 3), (broken, 5), (dead_redirect, 1), (shut_out, 2), (one_family, 2),
    (open_to_all, 1), (many_names, 1), (macros, 2), (written, 6), (mistaken, 3), (none_at_all, 2), (doubled_name, 1), (several, 1),
)  # fmt: skip


def some_spf(rng: random.Random, shaper: Shaper) -> Spf:
    """Return one of all these, at random."""
    shapes, weights = zip(*SHAPES, strict=True)
    return rng.choices(shapes, weights)[0](shaper)  # type: ignore[no-any-return] # zip forgets the kind
