"""Which addresses and URLs a vendor may lead to. Nothing is looked up here."""

import pytest

from opencmr.errors import Unreachable
from opencmr.transport.addresses import MOST_ADDRESSES, admitted, check_url, is_public

PUBLIC = ["8.8.8.8", "93.184.215.14", "172.15.255.255", "172.32.0.0", "100.63.0.1", "100.128.0.0", "192.0.1.0",
          "223.255.255.255", "2606:4700::1111", "2a00:1450:4001::5", "2001:200::1", "2001:4860:4860::8888",
          "64:ff9b::808:808"]  # fmt: skip
NOT_PUBLIC = [
    # this machine, this network
    "127.0.0.1", "127.255.255.255", "0.0.0.0", "0.1.2.3", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.0.1",
    "100.64.0.1", "100.127.255.255", "169.254.169.254", "168.63.129.16",
    # documentation, benchmarks, protocols, multicast, reserved, broadcast
    "192.0.0.1", "192.0.0.171", "192.0.2.1", "198.51.100.1", "203.0.113.1", "198.18.0.1", "198.19.255.255",
    "192.88.99.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
    # the same in IPv6
    "::", "::1", "fe80::1", "fec0::1", "fc00::1", "fd00:ec2::254", "ff02::1", "100::1", "2001:db8::1", "3fff::1",
    "2001:2::1", "2001:10::1", "2001:20::1", "5f00::1", "4000::1",
    # one address inside another: mapped, compatible, translated, NAT64 (also local use), 6to4, Teredo
    "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::127.0.0.1", "::ffff:0:127.0.0.1", "64:ff9b::127.0.0.1",
    "64:ff9b::a00:1", "64:ff9b::169.254.169.254", "64:ff9b:1::7f00:1", "2002:7f00:1::", "2002:808:808::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    # bound to an interface, or no address
    "fe80::1%lo", "2606:4700::1111%eth0", "127.1", "0x7f000001", "2130706433", "0177.0.0.1", "shop.example", "",
]  # fmt: skip


@pytest.mark.parametrize("address", PUBLIC)
def test_an_address_that_everybody_reaches_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.requirement("IDN-10")
@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_an_address_of_ones_own_network_is_not_public_however_it_is_written(address: str) -> None:
    assert not is_public(address)
    with pytest.raises(Unreachable):
        admitted("shop.example", [address])


@pytest.mark.requirement("IDN-10")
def test_one_address_that_is_not_public_condemns_all_others() -> None:
    assert admitted("shop.example", ["8.8.8.8", "2606:4700::1111"]) == ["8.8.8.8", "2606:4700::1111"]
    for hidden in (["8.8.8.8", "10.0.0.1"], ["::1", "8.8.8.8"], ["8.8.8.8"] * MOST_ADDRESSES + ["127.0.0.1"]):
        with pytest.raises(Unreachable):
            admitted("shop.example", hidden)


def test_a_name_without_an_address_leads_nowhere() -> None:
    with pytest.raises(Unreachable):
        admitted("shop.example", [])


def test_of_a_thousand_addresses_a_few_are_tried_and_each_once() -> None:
    many = [f"8.8.{number // 256}.{number % 256}" for number in range(1000)]
    assert admitted("shop.example", many + many) == many[:MOST_ADDRESSES]
    assert admitted("shop.example", ["8.8.8.8", "8.8.8.8"]) == ["8.8.8.8"]


@pytest.mark.requirement("IDN-10")
@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.1.2.3"])
def test_a_name_of_this_machine_leads_to_this_machine_alone(host: str) -> None:
    assert admitted(host, ["::1", "127.0.0.1"]) == ["::1", "127.0.0.1"]
    for elsewhere in ("10.0.0.1", "8.8.8.8", "0.0.0.0", "::ffff:127.0.0.1", "fe80::1"):
        with pytest.raises(Unreachable):
            admitted(host, ["127.0.0.1", elsewhere])


@pytest.mark.parametrize(
    "url",
    [
        "https://shop.example/opencmr",
        "https://shop.example",
        "HTTPS://SHOP.example:443/a/b;c=1/%C3%A4",
        "https://shop.example:8443/opencmr",
        "https://xn--bcher-kva.example/opencmr",
        "https://8.8.8.8/opencmr",
        "https://[2606:4700::1111]:8443/opencmr",
    ],
)
def test_the_plain_url_of_a_public_service_passes(url: str) -> None:
    check_url(url, local=False)
    check_url(url, local=None)
    with pytest.raises(Unreachable):
        check_url(url, local=True)


@pytest.mark.parametrize(
    "url", ["http://localhost:8001/opencmr", "http://127.0.0.1/opencmr", "https://127.0.0.1:22", "https://localhost"]
)
@pytest.mark.requirement("IDN-3", "IDN-10")
def test_a_url_on_this_machine_passes_only_for_a_vendor_that_was_sought_there(url: str) -> None:
    check_url(url, local=True)
    check_url(url, local=None)
    with pytest.raises(Unreachable):
        check_url(url, local=False)


@pytest.mark.requirement("IDN-12")
@pytest.mark.parametrize(
    "url",
    [
        # two readers of such a URL see two hosts
        "https://user@shop.example/opencmr",
        "https://user:word@shop.example/",
        "https://@shop.example/",
        "https://shop.example\\@127.0.0.1/",
        "https://shop.example#@127.0.0.1/",
        "https://shop.example?@127.0.0.1/",
        "https://shop.example/opencmr?to=x",
        "https://shop.example/opencmr#x",
        "https://shop.example/?",
        " https://shop.example/",
        "https://shop.example/\r\nHost: bank.example",
        "https://shop.example/\t",
        "https:/shop.example/",
        "https:shop.example",
        "https:///shop.example",
        "https://",
        "//shop.example",
        "shop.example",
        "",
        # names that are no ASCII host names, or have several spellings
        "https://bücher.example/",
        "https://１２７.0.0.1/",
        "https://127。0。0。1/",
        "https://ⓛocalhost/",
        "https://shop%2eexample/",
        "https://%6c%6f%63alhost/",
        "https://shop.example./",
        "https://shop..example/",
        "https://.example/",
        "https://-shop.example/",
        "https://shop_1.example/",
        f"https://{'x' * 64}.example/",
        f"https://{'x.' * 130}example/",
        f"https://shop.example/{'x' * 2000}",
        # addresses in disguise
        "https://127.1/",
        "https://0177.0.0.1/",
        "https://0x7f.0.0.1/",
        "https://0x7f000001/",
        "https://2130706433/",
        "https://127.0.0.1.0x1/",
        "https://1.2.3.4.5/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[::ffff:7f00:1]/",
        "https://[64:ff9b::7f00:1]/",
        "https://[2002:7f00:1::]/",
        "https://[fe80::1%25eth0]/",
        "https://[::1/",
        "https://[shop.example]/",
        "https://10.0.0.1/",
        "https://169.254.169.254/",
        # names of one's own network
        "https://intranet/",
        "https://shop.localhost/",
        "https://printer.local/",
        "https://metadata.google.internal/",
        "https://Router.Home.Arpa/",
        "https://abc.onion/",
        # ports of other services
        "https://shop.example:0/",
        "https://shop.example:22/",
        "https://shop.example:25/",
        "https://shop.example:80/",
        "https://shop.example:465/",
        "https://shop.example:65536/",
        "https://shop.example:/",
        "https://shop.example:+443/",
        "https://shop.example:４４３/",
        # not https
        "http://shop.example/",
        "http://10.0.0.1/",
        "http://[::1]/",
        "ftp://shop.example/",
        "file:///etc/passwd",
        "javascript:alert(1)",
    ],
)
def test_no_other_url_is_gone_to(url: str) -> None:
    for local in (True, False, None):
        with pytest.raises(Unreachable) as raised:
            check_url(url, local=local)
        assert len(str(raised.value)) < 700


@pytest.mark.parametrize("host", ["[1.2.3.4]", "[::ffff:127.0.0.1a]", "[.:1]", "[8.8.8.8:]"])
def test_only_an_address_of_version_6_stands_in_brackets(host: str) -> None:
    """Found by fuzzing: what is no address at all looked like a name."""
    for local in (False, True, None):
        with pytest.raises(Unreachable):
            check_url(f"https://{host}/opencmr", local=local)
