import io
import json
import logging
import warnings
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
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


@given(st.text(st.characters()) | st.text("\udcff\x9b\u202e\n"))
def test_no_name_moves_a_cursor_ends_a_line_or_turns_the_direction(name: str) -> None:
    for stream in (io.StringIO(), Terminal()):
        logs.configure("INFO", stream)
        logging.getLogger("vbp").info("at %s", name, extra={"path": name, "names": [name]})
        (line,) = stream.getvalue().split("\n")[:-1]
        assert line.isprintable()
        if not stream.isatty():
            told = json.loads(line)
            shown = name.encode(errors="backslashreplace").decode()
            assert (told["event"], told["path"]) == (f"at {shown}", shown)


def _fail(text: str) -> None:
    raise RuntimeError(text)


def test_an_exception_that_holds_a_line_end_forges_no_line() -> None:
    stream = Terminal()
    logs.configure("INFO", stream)
    try:
        _fail("\x1b[2J\n12:00:00 INFO    all is well")
    except RuntimeError:
        logging.getLogger("vbp").exception("failed")
    first, *others = stream.getvalue().splitlines()
    assert first.endswith("ERROR   failed")
    assert all(line.startswith("    ") and line.isprintable() for line in others)
