"""Why a connection did not come about, by the system's error number. The one place that reads such numbers; every protocol words it itself."""

from __future__ import annotations

import errno
from enum import Enum, auto


class Why(Enum):
    """What the numbers come down to."""

    REFUSED = auto()  # nothing listens, or a firewall answers in its place
    CUT = auto()  # it was reset while it was being made
    LATE = auto()  # the system itself gave up waiting
    NO_WAY = auto()  # no route, no address of that family, not allowed here: the other side was never asked
    OTHER = auto()


_WHY = {
    errno.ECONNREFUSED: Why.REFUSED,
    **dict.fromkeys((errno.ECONNRESET, errno.ECONNABORTED, errno.EPIPE), Why.CUT),
    errno.ETIMEDOUT: Why.LATE,
    **dict.fromkeys((errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EHOSTDOWN), Why.NO_WAY),
    **dict.fromkeys((errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT, errno.EACCES, errno.EPERM), Why.NO_WAY),
}


def why(error: Exception) -> Why:
    """Return what stopped a connection; an `OverflowError` (no such port) and the like are `OTHER`."""
    return _WHY.get(error.errno or 0, Why.OTHER) if isinstance(error, OSError) else Why.OTHER
