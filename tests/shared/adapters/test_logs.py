import io
import json
import logging
import warnings
from collections.abc import Iterator

import pytest
from typing_extensions import override

from shared.adapters import logs


class Terminal(io.StringIO):
    @override
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    before = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = before
    logging.captureWarnings(capture=False)


def test_machines_get_one_json_object_a_line() -> None:
    stream = io.StringIO()
    logs.configure("info", stream)
    logging.getLogger("vbp").info("taken %d", 3, extra={"topic": "t", "offset": 7})
    logging.getLogger("vbp").debug("not at this level")
    line = json.loads(stream.getvalue())
    assert line.pop("ts").endswith("Z")
    assert line == {"level": "info", "logger": "vbp", "event": "taken 3", "topic": "t", "offset": 7}


def test_an_exception_stays_on_its_line() -> None:
    stream = io.StringIO()
    logs.configure("INFO", stream)
    try:
        int("two\nlines")
    except ValueError:
        logging.getLogger("vbp").exception("failed")
    (line,) = stream.getvalue().splitlines()
    assert "ValueError: invalid literal" in json.loads(line)["exception"]


def test_a_text_that_is_not_unicode_is_logged_all_the_same() -> None:
    stream = io.StringIO()
    logs.configure("INFO", stream)
    logging.getLogger("vbp").info("at \udcff", extra={"path": "/\udcff", "odd": object})
    assert json.loads(stream.getvalue())["path"] == "/\\udcff"


def test_people_get_a_line_to_read() -> None:
    stream = Terminal()
    logs.configure("INFO", stream)
    logging.getLogger("vbp").warning("waiting", extra={"problem": "no broker"})
    assert stream.getvalue().rstrip().endswith("WARNING waiting problem=no broker")
    assert "{" not in stream.getvalue()


@pytest.mark.parametrize("name", ["uvicorn.error", "aiokafka.producer.sender", "faust.app", "mode"])
def test_libraries_write_through_the_same_handler_once(name: str) -> None:
    stream = io.StringIO()
    logging.getLogger(name.partition(".")[0]).addHandler(logging.NullHandler())
    logs.configure("INFO", stream)
    logs.configure("INFO", stream)
    logging.getLogger(name).warning("from a library")
    assert [json.loads(line)["logger"] for line in stream.getvalue().splitlines()] == [name]


def test_the_access_log_is_silent_since_each_request_has_a_line_already() -> None:
    stream = io.StringIO()
    logs.configure("INFO", stream)
    logging.getLogger("uvicorn.access").info("GET / 200")
    assert stream.getvalue() == ""


def test_warnings_are_lines_too() -> None:
    stream = io.StringIO()
    logs.configure("INFO", stream)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(capture=True)
        warnings.warn("this is old", stacklevel=1)
        logging.captureWarnings(capture=False)
    assert "this is old" in json.loads(stream.getvalue())["event"]
