"""The proxy of the campaign: half-open connections are what it is for."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.campaign.proxy import Proxy

SOON = 0.3


@pytest_asyncio.fixture
async def proxy() -> AsyncIterator[Proxy]:
    """A proxy before a server that says everything twice."""

    async def twice(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while word := await reader.readline():
            writer.write(word * 2)
        writer.close()

    server = await asyncio.start_server(twice, "127.0.0.1", 0)
    made = Proxy(lambda: ("127.0.0.1", server.sockets[0].getsockname()[1]))
    await made.start()
    yield made
    await made.stop()
    server.close()


async def connect(proxy: Proxy) -> tuple[asyncio.StreamReader, asyncio.StreamWriter, int]:
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    writer.write(b"hello\n")
    assert await reader.readline() == b"hello\n"
    assert await reader.readline() == b"hello\n"
    return reader, writer, writer.get_extra_info("sockname")[1]


async def test_what_is_held_hangs_open_and_goes_on_once_released(proxy: Proxy) -> None:
    reader, writer, port = await connect(proxy)
    proxy.hold({port})
    writer.write(b"anybody?\n")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(reader.readline(), SOON)
    assert not reader.at_eof()
    proxy.release()
    assert await reader.readline() == b"anybody?\n"
    writer.close()


async def test_others_and_new_ones_pass_while_one_is_held(proxy: Proxy) -> None:
    _, held, port = await connect(proxy)
    _, other, _ = await connect(proxy)
    proxy.hold({port})
    _, new, _ = await connect(proxy)
    for writer in (held, other, new):
        writer.close()


async def test_all_that_is_held_keeps_new_ones_waiting(proxy: Proxy) -> None:
    proxy.hold()
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    writer.write(b"hello\n")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(reader.readline(), SOON)
    writer.close()


async def test_a_server_that_ends_a_connection_ends_it_for_the_client(proxy: Proxy) -> None:
    reader, writer, _ = await connect(proxy)
    writer.write_eof()
    assert await reader.read() == b""
    writer.close()
