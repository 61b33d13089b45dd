"""Archives on the command line: replayed, simulated, imported."""

import codecs
import csv
import gzip
import io
import json
import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from services import cli, sources
from tests.support.command_line import UNTIL, Vbp
from tests.support.events import said

SCMS = Path(sources.__file__).parent / "data" / "scms_deliveries.csv.gz"
FIELDS = {
    *("id", "rule", "status", "exempt", "severity", "jurisdiction", "product", "area", "hospital"),
    *("manufacturer", "distributor", "order", "subject", "anchor", "occurred_at", "cured_at"),
    *("observed", "limit", "policy", "clause", "basis", "message_zh", "message_en", "evidence"),
}


@pytest.fixture(scope="module")
def province(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the archive and the truth of a small province."""
    made = tmp_path_factory.mktemp("province")
    arguments = ["--hospitals", "30", "--days", "90", "--orders", "400", "--until", UNTIL]
    files = ["--out", str(made / "events.ndjson"), "--truth", str(made / "truth.ndjson")]
    with pytest.raises(SystemExit) as left:
        cli.main(["simulate", *arguments, *files])
    assert left.value.code == 0
    return made


def an_order(order: str, *, jurisdiction: str = "scms", **attributes: Any) -> bytes:
    event = {
        "specversion": "1.0",
        "id": f"e-{order}",
        "source": "/test",
        "type": "vbp.order.placed.v1",
        "time": "2020-01-01T00:00:00Z",
        "data": {
            "jurisdiction": jurisdiction,
            "order": order,
            "product": "P1",
            "hospital": "H1",
            "area": "A1",
            "distributor": "D1",
            "quantity": 10,
            "unit_price": "1.00",
            "urgency": "normal",
            "deliver_by": "2020-01-10",
        },
        **attributes,
    }
    return json.dumps(event).encode() + b"\n"


def test_replay_finds_what_was_planted_and_says_so_field_by_field(vbp: Vbp, province: Path) -> None:
    judged = vbp("replay", province / "events.ndjson", "--as-of", UNTIL)
    truth = [json.loads(line) for line in (province / "truth.ndjson").read_bytes().splitlines()]
    assert judged.code == 0
    assert sorted(judged.ids) == sorted(one["id"] for one in truth)
    assert len({one["rule"] for one in judged.found}) >= 8
    assert all(one.keys() >= FIELDS for one in judged.found)
    order = [(one["rule"], one["subject"], one["anchor"]) for one in judged.found]
    assert order == sorted(order)
    assert f"{len(truth)} violations" in judged.err


def test_replay_takes_lines_in_any_order_packed_in_several_files_and_from_stdin(
    vbp: Vbp, province: Path, tmp_path: Path
) -> None:
    in_order = vbp("replay", province / "events.ndjson", "--as-of", UNTIL)
    lines = (province / "events.ndjson").read_bytes().splitlines(keepends=True)
    random.Random(7).shuffle(lines)
    third = len(lines) // 3
    (tmp_path / "packed").write_bytes(gzip.compress(b"".join(lines[:third])))
    (tmp_path / "plain.ndjson").write_bytes(b"\n".join(lines[third : 2 * third]))
    piped = gzip.compress(b"".join(lines[2 * third :]))
    shuffled = vbp("replay", "packed", "plain.ndjson", "-", "--as-of", UNTIL, piped=piped)
    assert shuffled.ids == in_order.ids
    assert [one["status"] for one in shuffled.found] == [one["status"] for one in in_order.found]


def test_replay_names_file_line_field_and_remedy_of_what_it_refuses_and_judges_the_rest(
    vbp: Vbp, tmp_path: Path
) -> None:
    no_quantity = an_order("O2").replace(b'"quantity": 10', b'"quantity": -1')
    naive = an_order("O3", time="2020-01-01T00:00:00")
    elsewhere = an_order("O4", jurisdiction="cn-xx")
    lines = (an_order("O1"), b"\n", no_quantity, b"nonsense\n", naive, elsewhere, b"\xff\n")
    (tmp_path / "a.ndjson").write_bytes(b"".join(lines))
    told = vbp("replay", "a.ndjson", "--as-of", "2020-02-01T00:00Z")
    assert told.code == 0
    assert [one["order"] for one in told.found] == ["O1"]
    assert [line.split(": ")[:2] for line in told.err.splitlines()[:5]] == [
        ["a.ndjson:3", "data.quantity"],
        ["a.ndjson:4", "event"],
        ["a.ndjson:5", "time"],
        ["a.ndjson:6", "data.jurisdiction"],
        ["a.ndjson:7", "event"],
    ]
    assert "Send one of: cn-sx, cn-tj, scms" in told.err
    assert "5 lines refused" in told.err


def test_with_strict_refused_lines_give_exit_code_3_and_the_output_all_the_same(
    vbp: Vbp, tmp_path: Path
) -> None:
    (tmp_path / "a.ndjson").write_bytes(an_order("O1") + b"{}\n")
    told = vbp("replay", "a.ndjson", "--as-of", "2020-02-01T00:00Z", "--strict")
    assert told.code == 3
    assert [one["order"] for one in told.found] == ["O1"]
    (tmp_path / "a.ndjson").write_bytes(an_order("O1"))
    assert vbp("replay", "a.ndjson", "--as-of", "2020-02-01T00:00Z", "--strict").code == 0


def test_one_policy_in_place_of_all_judges_any_jurisdiction(vbp: Vbp, tmp_path: Path) -> None:
    (tmp_path / "a.ndjson").write_bytes(an_order("O1", jurisdiction="cn-xx"))
    told = vbp("replay", "a.ndjson", "--as-of", "2020-02-01T00:00Z", "--policy", "scms")
    assert [(one["jurisdiction"], one["policy"]) for one in told.found] == [("cn-xx", "scms")]


def test_what_was_told_after_the_moment_is_left_out_and_counted(vbp: Vbp, tmp_path: Path) -> None:
    (tmp_path / "a.ndjson").write_bytes(an_order("O1", recordedtime="2020-03-01T00:00:00Z"))
    told = vbp("replay", "a.ndjson", "--as-of", "2020-02-01T00:00Z")
    assert not told.found
    assert "1 event left out" in told.err


def test_what_no_rule_can_judge_is_counted_by_rule_and_missing_term(
    vbp: Vbp, tmp_path: Path
) -> None:
    (tmp_path / "a.ndjson").write_bytes(an_order("O1"))
    asked = ("replay", "a.ndjson", "--as-of", "2020-02-01T00:00Z")
    told = vbp(*asked, "--policy", "cn-sx-2021-22")
    assert re.search(r"unjudged by late-response: 1 record without \S+", told.err)


def test_violations_come_as_csv_and_as_a_table_too(vbp: Vbp, tmp_path: Path) -> None:
    (tmp_path / "a.ndjson").write_bytes(an_order("O1"))
    asked = ("replay", "a.ndjson", "--as-of", "2020-02-01T00:00Z", "--format")
    (row,) = csv.DictReader(io.StringIO(vbp(*asked, "csv").out))
    assert row.keys() >= FIELDS
    assert (row["order"], row["exempt"], row["cured_at"]) == ("O1", "false", "")
    assert json.loads(row["evidence"])[0]["id"] == "e-O1"
    assert re.search(r"^late-delivery +open .*O1", vbp(*asked, "table").out, re.MULTILINE)


def test_a_table_calls_by_name_whom_the_archive_names_and_other_forms_by_code(
    vbp: Vbp, tmp_path: Path
) -> None:
    told = [
        said("product.selected", "2022-01-01"),
        said("hospital.enrolled", "2022-01-01", name="旧名"),
        said("hospital.enrolled", "2022-01-02", name="太原市第一医院"),
        said("agreement.signed", "2022-01-02"),
        said("hospital.enrolled", "2023-01-02", name="新名"),
    ]
    lines = b"".join(json.dumps(event).encode() + b"\n" for event in told)
    (tmp_path / "a.ndjson").write_bytes(lines)
    asked = ("replay", "a.ndjson", "--as-of", "2022-06-01T00:00Z", "--format")
    table = "".join(vbp(*asked, "table").out.split())
    assert "太原市第一医院(H1)" in table
    assert "旧名" not in table
    assert "新名" not in table
    assert "太原市第一医院" not in vbp(*asked, "ndjson").out


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "packed"])
@pytest.mark.parametrize("piped", [False, True])
def test_a_mark_before_the_first_line_and_the_line_ends_of_windows_change_nothing(
    vbp: Vbp, tmp_path: Path, pack: Callable[[bytes], bytes], *, piped: bool
) -> None:
    lines = (an_order("O1") + an_order("O2")).replace(b"\n", b"\r\n")
    marked = pack(codecs.BOM_UTF8 + lines)
    (tmp_path / "a").write_bytes(marked)
    name, fed = ("-", marked) if piped else ("a", b"")
    told = vbp("replay", name, "--as-of", "2020-02-01T00:00Z", "--strict", piped=fed)
    assert told.code == 0
    assert sorted(one["order"] for one in told.found) == ["O1", "O2"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{}".encode("utf-16"), "vbp: a is UTF-16: save it as UTF-8, one event a line"),
        (b"\x1f\x8b", "vbp: a cannot be read after line 0: Compressed file ended before"),
        (
            b"\x1f\x8bwords and more",
            "vbp: a cannot be read after line 0: Unknown compression",
        ),
        (None, "vbp: a cannot be read: Is a directory. Check the path"),
    ],
    ids=["utf-16", "gzip that ends", "gzip that is none", "directory"],
)
def test_a_file_that_is_no_archive_is_told_from_one_that_is_damaged(
    vbp: Vbp, tmp_path: Path, content: bytes | None, said: str
) -> None:
    if content is None:
        (tmp_path / "a").mkdir()
    else:
        (tmp_path / "a").write_bytes(content)
    told = vbp("replay", "a", "--as-of", "2020-02-01T00:00Z")
    assert (told.code, told.out) == (2, "")
    assert told.err.startswith(said)
    assert len(told.err.splitlines()) == 1


NAMES = ('=HYPERLINK("http://x")', "+1", "-1", "@SUM(A1)", "\t=1", "＝1", "\x1b[2J", "\u202eabc")


def test_names_are_no_formulas_in_csv_and_no_escapes_in_any_table(vbp: Vbp, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"".join(map(an_order, NAMES)))
    asked = ("replay", "a", "--as-of", "2020-02-01T00:00Z", "--format")
    printed = vbp(*asked, "csv").out
    orders = {row["order"] for row in csv.DictReader(io.StringIO(printed))}
    assert orders == {
        *('\'=HYPERLINK("http://x")', "'+1", "'-1", "'@SUM(A1)", "'\\t=1", "'＝1"),
        *(r"\x1b[2J", r"\u202eabc"),
    }
    printed += vbp(*asked, "table").out
    assert not {"\x1b", "\t", "\u202e"} & set(printed)
    assert r"\x1b[2J" in printed


def test_what_a_refused_line_holds_is_no_escape(vbp: Vbp, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(an_order("O1").replace(b"normal", b"\\u001b[2J"))
    told = vbp("replay", "a", "--as-of", "2020-02-01T00:00Z")
    assert "\x1b" not in told.err
    assert r"Invalid enum value '\x1b[2J'" in told.err


def test_a_damaged_archive_is_named_with_the_line_it_was_read_to(vbp: Vbp, tmp_path: Path) -> None:
    packed = gzip.compress(b"".join(an_order(f"O{number}") for number in range(2_000)))
    (tmp_path / "a.gz").write_bytes(packed[: len(packed) // 2])
    told = vbp("replay", "a.gz", "--as-of", "2020-02-01T00:00Z")
    assert told.code == 2
    assert re.search(r"vbp: a\.gz cannot be read after line [\d,]+: ", told.err)


def test_a_simulation_is_repeatable_to_the_byte_and_packed_by_its_name(
    vbp: Vbp, province: Path, tmp_path: Path
) -> None:
    asked = ("simulate", "--hospitals", 30, "--days", 90, "--orders", 400, "--until", UNTIL)
    assert vbp(*asked, "--out", "e.gz", "--truth", "t.ndjson").code == 0
    first = (tmp_path / "e.gz").read_bytes()
    assert gzip.decompress(first) == (province / "events.ndjson").read_bytes()
    assert (tmp_path / "t.ndjson").read_bytes() == (province / "truth.ndjson").read_bytes()
    assert vbp(*asked, "--out", "e.gz").code == 0
    assert (tmp_path / "e.gz").read_bytes() == first
    assert vbp(*asked, "--out", "-").out.encode() == gzip.decompress(first)


def test_the_real_deliveries_imported_and_replayed_give_1186_late_ones(
    vbp: Vbp, tmp_path: Path
) -> None:
    imported = vbp("import", "scms", SCMS, "--out", tmp_path / "scms.ndjson", "--strict")
    assert (imported.code, imported.out) == (0, "")
    assert "20,648 events" in imported.err
    told = vbp("replay", "scms.ndjson", "--as-of", "2016-01-01T00:00Z", "--strict")
    assert told.code == 0
    assert {one["rule"] for one in told.found} == {"late-delivery"}
    assert len(told.found) == 1186


def test_a_line_that_cannot_be_imported_is_named_and_the_rest_goes_on(
    vbp: Vbp, tmp_path: Path
) -> None:
    lines = gzip.decompress(SCMS.read_bytes()).decode().splitlines()[:4]
    lines[2] = lines[2].replace(lines[2].split(",")[0], lines[1].split(",")[0], 1)
    (tmp_path / "few.csv").write_text("\n".join(lines))
    told = vbp("import", "scms", "few.csv", "--strict")
    assert told.code == 3
    assert len(told.found) == 4
    assert told.err.startswith("few.csv:3: ID is ")


def test_a_file_that_is_not_the_history_is_a_usage_error(vbp: Vbp, tmp_path: Path) -> None:
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    told = vbp("import", "scms", "other.csv")
    assert told.code == 2
    assert "lacks the column" in told.err


def test_contradictions_are_counted_by_jurisdiction_and_kind(vbp: Vbp, tmp_path: Path) -> None:
    order = an_order("O1")
    other = order.replace(b'"quantity": 10', b'"quantity": 11').replace(b"e-O1", b"e-O1-again")
    (tmp_path / "a").write_bytes(order + other + order + an_order("O2"))
    told = vbp("replay", "a", "--as-of", "2020-02-01T00:00Z")
    assert (
        "contradictions in scms: 1 event of a thing told before with other contents: the first "
        "telling holds"
    ) in told.err.splitlines()
