"""Answers as they stand on the wire, read by the book."""

from typing import Any, NamedTuple

import h11
import msgspec


class Answer(NamedTuple):
    """One answer: its status, its headers by their names in small letters, its body."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def problem(self) -> dict[str, Any]:
        """The problem that it holds; fails if it holds none."""
        assert self.headers["content-type"] == "application/problem+json", self
        found: dict[str, Any] = msgspec.json.decode(self.body)
        assert found.keys() >= {"type", "title", "status", "detail", "instance", "errors"}
        assert found["status"] == self.status
        return found


def answers(raw: bytes, method: str = "GET") -> list[Answer]:
    """Read all answers in the order of their requests; raises RemoteProtocolError for no HTTP.

    `method` is that of all requests. Interim answers (100) are answers too.
    """
    found = []
    while raw:
        connection = h11.Connection(h11.CLIENT)
        connection.send(h11.Request(method=method, target="/", headers=[("host", "door")]))
        connection.send(h11.EndOfMessage())
        connection.receive_data(raw)
        answer, raw = _read(connection)
        found.append(answer)
    return found


def _read(connection: h11.Connection) -> tuple[Answer, bytes]:
    answer = Answer(0, {}, b"")
    while True:
        event = connection.next_event()
        if isinstance(event, h11.InformationalResponse | h11.Response):
            headers = {name.decode(): value.decode() for name, value in event.headers}
            answer = Answer(event.status_code, headers, b"")
            if isinstance(event, h11.InformationalResponse):
                return answer, connection.trailing_data[0]
        elif isinstance(event, h11.Data):
            answer = answer._replace(body=answer.body + event.data)
        else:
            assert isinstance(event, h11.EndOfMessage), ("an answer that does not end", answer)
            return answer, connection.trailing_data[0]
