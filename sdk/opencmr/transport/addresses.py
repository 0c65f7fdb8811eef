"""Where a customer lets a vendor send them (`spec/v1/identity.md#where-an-address-may-lead`).

A vendor names hosts, and whoever runs a host's names says which machine that is. So both are checked: the URL before
anything is looked up, and every address that its name stands for before anything is connected to. Nothing is looked
up or opened here.

Not handled here: a network whose own translator (NAT64 with a prefix of its own) leads from public addresses to private
ones, and a public address behind which a private service stands. Only those who run them can close such doors.
"""

import ipaddress
import re
from collections.abc import Sequence

from .. import trust
from ..errors import Unreachable

MOST_ADDRESSES = 8
"""How many of a name's addresses are tried, at most."""

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_URL = re.compile(
    rf"(?P<scheme>(?i:https?))://(?:(?P<host>{_LABEL}(?:\.{_LABEL})*)|\[(?P<v6>[0-9A-Fa-f:.]+)\])"
    r"(?::(?P<port>[0-9]{1,5}))?(?:/[A-Za-z0-9._~!$&'()*+,;=:@%-]*)*",
    re.ASCII,
)
_LONGEST_URL = 2000
_LONGEST_NAME = 253
_NUMERIC = re.compile(r"[0-9]+|0[xX][0-9A-Fa-f]*")
_NAMES_OF_ONES_OWN = ("localhost", "local", "internal", "home.arpa", "onion", "alt")

# After IANA's registries of special-purpose addresses. Written out, because what Python's `is_global` says has changed
# between versions. Of IPv6, only 2000::/3 is given out for machines in public.
_V4_NOT_PUBLIC = tuple(
    map(
        ipaddress.IPv4Network,
        (
            "0.0.0.0/8",
            "10.0.0.0/8",
            "100.64.0.0/10",
            "127.0.0.0/8",
            "168.63.129.16/32",  # looks public, and is the host of every virtual machine of one large provider
            "169.254.0.0/16",
            "172.16.0.0/12",
            "192.0.0.0/24",
            "192.0.2.0/24",
            "192.88.99.0/24",
            "192.168.0.0/16",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/3",  # multicast, and what is reserved
        ),
    )
)
_V6_PUBLIC = ipaddress.IPv6Network("2000::/3")
_V6_NOT_PUBLIC = tuple(
    map(
        ipaddress.IPv6Network,
        (
            "2001::/23",  # protocols; Teredo, which carries an IPv4 address, among them
            "2001:db8::/32",
            "2002::/16",  # 6to4 carries one too
            "3fff::/20",
        ),
    )
)
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_TRANSLATED = ipaddress.IPv6Network("::ffff:0:0:0/96")


def is_public(address: str) -> bool:
    """Whether a literal address belongs to a machine that the whole Internet can reach.

    `64:ff9b::/96` is how a network without IPv4 writes IPv4 addresses, so the address inside is judged. All other forms
    with one address inside another are not public: nobody needs them to reach a vendor.
    """
    found = _parsed(address)
    if isinstance(found, ipaddress.IPv6Address) and found in _NAT64:
        found = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
    if isinstance(found, ipaddress.IPv4Address):
        return not any(found in network for network in _V4_NOT_PUBLIC)
    return found is not None and found in _V6_PUBLIC and not any(found in network for network in _V6_NOT_PUBLIC)


def check_url(url: str, *, local: bool | None) -> None:
    """Refuse a URL to which a vendor should not send us.

    Args:
        url: What a vendor names as its service, or where its documents lie.
        local: True: it must be on this machine, because the customer named a vendor there. False: it must not be. None:
            whichever it is was settled when the vendor was met.

    Raises:
        Unreachable: It is not one to go to.
    """
    shown = url[:300]
    found = _URL.fullmatch(url) if len(url) <= _LONGEST_URL else None
    if found is None or (found["v6"] and not isinstance(_parsed(found["v6"]), ipaddress.IPv6Address)):
        raise Unreachable(
            f"{shown!r} is not the plain URL of a service: a host in ASCII without a dot at its end, "
            "no user, no query, no fragment"
        )
    host, scheme = found["host"] or found["v6"], found["scheme"].lower()
    on_this_machine = trust.is_loopback(host)
    if scheme != "https" and not on_this_machine:
        raise Unreachable(f"{shown} is not https")
    port = int(found["port"] or (443 if scheme == "https" else 80))
    if not 0 < port < 65536 or (port < 1024 and port != 443 and not on_this_machine):
        raise Unreachable(f"{shown} names a port that belongs to another service: 443, or 1024 and above")
    if local is not None and local is not on_this_machine:
        where = "leaves this machine, on which its vendor was sought" if local else "lies on this machine"
        raise Unreachable(f"{shown} {where}")
    if not on_this_machine and not _may_be_public(host):
        raise Unreachable(f"{shown} lies in a private network")


def admitted(host: str, addresses: Sequence[str]) -> list[str]:
    """The addresses of a host that may be connected to, in the order in which they were given, at most eight.

    One that may not be there condemns all: an honest name has no such one beside public ones.

    Args:
        host: The host of a URL that `check_url` has let pass, without brackets.
        addresses: All that it stands for.

    Raises:
        Unreachable: There is none, or one that is not public; or, for this machine, one that is elsewhere.
    """
    if not addresses:
        raise Unreachable(f"{host} has no address")
    fits = _is_loopback if trust.is_loopback(host) else is_public
    for address in addresses:
        if not fits(address):
            raise Unreachable(f"{host} leads to {address}, where no vendor of that name can be")
    return list(dict.fromkeys(addresses))[:MOST_ADDRESSES]


def is_literal(host: str) -> bool:
    """Whether a host is an address already."""
    return _parsed(host) is not None


def holder(address: str) -> _Address | None:
    """Whose address a literal one is: the IPv4 address that it carries, if it carries one; none where it is none.

    The mapped form of a server that listens for both, NAT64 under `64:ff9b::/96`, the forms of a stateless translator,
    of 6to4 and of Teredo: behind each is one host of IPv4. Who is asked about is a client that has connected already,
    so nothing is judged here.
    """
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return None
    if isinstance(found, ipaddress.IPv4Address):
        return found
    if found in _NAT64 or found in _TRANSLATED:
        return ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
    return found.ipv4_mapped or found.sixtofour or (found.teredo or (None, None))[1] or found


def _is_loopback(address: str) -> bool:
    found = _parsed(address)
    return found is not None and found.is_loopback and getattr(found, "ipv4_mapped", None) is None


def _may_be_public(host: str) -> bool:
    if is_literal(host):
        return is_public(host)
    labels = host.lower().split(".")
    # Resolvers read 127.1, 0177.0.0.1 and 0x7f000001 as addresses too; no public name ends in a number.
    if len(labels) < 2 or len(host) > _LONGEST_NAME or _NUMERIC.fullmatch(labels[-1]):
        return False
    return not any(f".{host.lower()}".endswith(f".{own}") for own in _NAMES_OF_ONES_OWN)


def _parsed(address: str) -> _Address | None:
    """A literal address; none where it is none, or is bound to one interface of this machine."""
    try:
        return ipaddress.ip_address(address) if "%" not in address else None
    except ValueError:
        return None
