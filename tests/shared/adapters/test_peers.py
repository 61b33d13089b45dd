from ipaddress import IPv4Address, IPv6Address

from hypothesis import given
from hypothesis import strategies as st

from shared.adapters.peers import origin_of


@given(st.ip_addresses(), st.integers(0, 2**64 - 1))
def test_a_client_is_an_address_or_a_network_of_ipv6(
    address: IPv4Address | IPv6Address, low: int
) -> None:
    origin = origin_of(str(address))
    if isinstance(address, IPv4Address):
        assert origin == origin_of(f"::ffff:{address}")
        assert origin == str(address)
    elif not address.ipv4_mapped:
        beside = IPv6Address(int(address) >> 64 << 64 | low)
        if not beside.ipv4_mapped:
            assert origin == origin_of(f"{beside}%eth0")
