"""What is posted goes to the internet, or where an operator allows, and nowhere else."""

import asyncio
import ipaddress
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from shared.adapters.outward import Outward, RefusedAddressError, is_public, networks

LOOPBACK = networks("127.0.0.0/8, ::1/128")

PRIVATE = [
    "127.0.0.1",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",  # noqa: S104  # what must not be reached
    "224.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "fe80::1",
    "fc00::1",
    "fec0::1",
    "ff02::1",
    "::ffff:10.0.0.1",
    "64:ff9b::a00:1",
    "2002:a00:1::1",
    "::7f00:1",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_that_only_we_can_reach_is_not_public(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "64:ff9b::808:808"])
def test_an_address_of_the_internet_is_public(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@given(some.ip_addresses(v=4))
def test_no_way_to_write_an_address_makes_a_private_one_public(address: Any) -> None:
    wrapped = [
        ipaddress.IPv6Address(int(ipaddress.IPv6Address("::ffff:0:0")) | int(address)),
        ipaddress.IPv6Address(int(ipaddress.IPv6Address("64:ff9b::")) | int(address)),
        ipaddress.IPv6Address(int(ipaddress.IPv6Address("2002::")) | int(address) << 80),
    ]
    assert is_public(address) or not any(map(is_public, wrapped))


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "ftp://example.com/",
        "https://",
        "https://me:secret@example.com/",
        "https://example.com/#there",
        "https://example.com:0/",
        "https://example.com:99999/",
        "https://example.com/ HTTP/1.1\r\nx: y",
        "https://例子.cn/",
        "https://[::1",
        "https://[::1]/",
        "https://10.0.0.1/",
        "https://169.254.169.254/latest",
        f"https://example.com/{'x' * 2_000}",
        "",
    ],
)
def test_what_is_no_address_to_post_to_is_refused(url: str) -> None:
    with pytest.raises(RefusedAddressError, match="url: "):
        Outward().check(url)


def test_what_is_allowed_opens_its_own_networks_alone() -> None:
    outward = Outward(networks("127.0.0.0/8"))
    assert outward.check("http://127.0.0.1:8080/told").port == 8080
    for url in ("http://10.0.0.1/told", "https://10.0.0.1/told", "http://8.8.8.8/told"):
        with pytest.raises(RefusedAddressError, match="url: "):
            outward.check(url)


@asynccontextmanager
async def receiving(answer: bytes) -> AsyncIterator[tuple[int, list[bytes]]]:
    """A receiver on this machine: its port, and what it was sent."""
    found: list[bytes] = []

    async def receive(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r")[0])
        found.append(head + await reader.readexactly(length))
        writer.write(answer)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(receive, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1], found


async def test_it_posts_and_says_how_it_was_answered_and_follows_nothing() -> None:
    moved = b"HTTP/1.1 307 Go\r\nlocation: http://127.0.0.1:1/\r\n\r\n"
    async with receiving(moved) as (port, found):
        url = f"http://localhost:{port}/here?a=b"
        assert await Outward(LOOPBACK).post(url, {"webhook-id": "1"}, b"{}") == 307
    assert found[0].startswith(b"POST /here?a=b HTTP/1.1\r\nhost: localhost:")
    assert b"webhook-id: 1\r\n" in found[0]
    assert found[0].endswith(b"\r\n\r\n{}")


async def test_a_name_that_leads_to_this_machine_is_not_connected_to() -> None:
    async with receiving(b"HTTP/1.1 200 OK\r\n\r\n") as (port, found):
        for host in ("127.0.0.1", "localhost", "[::1]", "2130706433", "0x7f.1"):
            with pytest.raises((RefusedAddressError, OSError)):
                await Outward().post(f"https://{host}:{port}/", {}, b"{}")
        with pytest.raises(RefusedAddressError, match="VBP_WEBHOOK_NETWORKS"):
            await Outward(networks("10.0.0.0/8")).post(f"http://127.0.0.1:{port}/", {}, b"{}")
    assert found == []


async def test_a_name_is_resolved_once_and_connected_to_as_it_was_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loop, asked = asyncio.get_running_loop(), list[str]()
    resolve = loop.getaddrinfo

    async def turning(host: Any, *args: Any, **how: Any) -> Any:
        asked.append(host)
        return await resolve("127.0.0.1", *args, **how)

    monkeypatch.setattr(loop, "getaddrinfo", turning)
    async with receiving(b"HTTP/1.1 204 No\r\n\r\n") as (port, _):
        assert await Outward(LOOPBACK).post(f"http://turning.example:{port}/", {}, b"{}") == 204
    assert asked.count("turning.example") == 1


@pytest.mark.parametrize("answer", [b"", b"SSH-2.0-x\r\n", b"x" * 100_000])
async def test_who_does_not_answer_by_http_is_a_failure_and_not_read_on(answer: bytes) -> None:
    async with receiving(answer) as (port, _):
        with pytest.raises((ValueError, OSError)):
            await Outward(LOOPBACK).post(f"http://127.0.0.1:{port}/", {}, b"{}")


async def test_where_nobody_listens_it_fails() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(OSError, match=r"127\.0\.0\.1"):
        await Outward(LOOPBACK).post(f"http://127.0.0.1:{port}/", {}, b"{}")
