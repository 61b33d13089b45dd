"""The command line as its users see it: exit codes, data on stdout, all else on stderr."""

import json
import os
import re
import socket
from pathlib import Path

import pytest

from deploy.local.processes import ProcessMark
from deploy.local.state import RunningStack
from services.commands import demo_verdict, processes
from services.compliance.rules import RULES
from shared.adapters import ports
from shared.domain.errors import SetupError
from tests.support.command_line import UNTIL, Vbp
from tests.support.events import said


def test_help_names_every_command(vbp: Vbp) -> None:
    told = vbp("--help")
    assert told.code == 0
    for command in (
        *("demo", "local", "serve", "worker", "migrate", "topics", "replay", "simulate"),
        *("import", "publish", "rules", "doctor", "calendar"),
    ):
        assert re.search(rf"│ {command}\s", told.out), command


def test_the_version_is_one_line(vbp: Vbp) -> None:
    told = vbp("--version")
    assert told.code == 0
    assert re.fullmatch(r"vbp \d+\.\d+\.\d+\n", told.out)


def test_rules_are_listed_with_their_clauses(vbp: Vbp) -> None:
    told = vbp("rules")
    assert told.code == 0
    for rule in RULES:
        assert re.search(rf"^{rule.name} +{rule.title_zh} ", told.out, re.MULTILINE)


def test_a_rule_is_explained_by_reading_clause_and_values_with_basis(vbp: Vbp) -> None:
    told = vbp("rules", "late-response")
    assert told.out.startswith("late-response  未及时响应订单")
    assert "按合同约定及时响应医疗机构采购订单" in told.out
    assert "response_hours = 24  (assumption)" in told.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["bogus"], "No such command 'bogus'"),
        (["replay", "a.ndjson"], "--as-of"),
        (["replay", "a.ndjson", "--as-of", "yesterday"], "'yesterday' is not an instant"),
        (
            ["replay", "a.ndjson", "--as-of", "2020-01-01T00:00"],
            "'2020-01-01T00:00' has no offset. Send RFC 3339",
        ),
        (["replay", "absent", "--as-of", UNTIL], "vbp: absent cannot be read: No such file"),
        (["replay", "-", "--as-of", UNTIL, "--policy", "x"], "known are: cn-sx-2021-22"),
        (["replay", "-", "--as-of", UNTIL, "--set", "x=1"], "--set x: no policy has it; known are"),
        (["replay", "-", "--as-of", UNTIL, "--set", "x"], "--set x: is no NAME=VALUE; give one"),
        (["replay", "-", "--as-of", UNTIL, "--set", "response_hours=soon"], "give one like 24"),
        (["simulate", "--out", "x", "--days", "3"], "vbp: --days is 3"),
        (["simulate", "--out", "absent/x"], "vbp: absent/x cannot be written"),
        (["import", "scms", "absent"], "absent cannot be read: No such file or directory. Check"),
        (["bus", "permits", "--publisher", "A B"], "'A B' cannot be in the name of a topic"),
        (["rules", "x"], "no rule 'x'; known are: distributor-cap"),
        (
            ["worker", "orders", "--accept-dead-letters", "1"],
            "vbp: --accept-dead-letters: the orders",
        ),
        (["serve", "orders", "--port", "70000"], "VBP_PORT"),
        (["demo", "--data", "."], "holds no demo"),
        (["demo", "--data", "new", "--keep"], "no province is kept in new"),
    ],
)
def test_wrong_usage_gives_exit_code_2_and_one_clear_message(
    vbp: Vbp, tmp_path: Path, arguments: list[str], said: str
) -> None:
    (tmp_path / "a.ndjson").touch()
    told = vbp(*arguments)
    assert told.code == 2
    assert told.out == ""
    assert "Traceback" not in told.err
    assert said in " ".join(told.err.replace("│", " ").split())


def test_a_server_that_is_away_gives_exit_code_1_and_names_the_variable(
    vbp: Vbp, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
        monkeypatch.setenv("VBP_DATABASE", f"postgresql://me:secret@127.0.0.1:{port}/vbp")
        told = vbp("migrate")
    assert told.code == 1
    assert "Start it, or set VBP_DATABASE" in told.err
    assert "secret" not in told.err


def test_a_wrong_variable_is_named(vbp: Vbp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VBP_PORT", "abc")
    told = vbp("serve", "compliance")
    assert told.code == 2
    assert told.err.startswith("vbp: VBP_PORT: ")


def test_a_local_stack_that_runs_here_is_used_and_named_unless_the_environment_says_other(
    vbp: Vbp, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    data = tmp_path / ".vbp" / "local"
    data.mkdir(parents=True)
    here = ProcessMark.of(os.getpid())
    marks = dict.fromkeys(("supervisor", "kafka", "postgres"), here)
    RunningStack(data, "127.0.0.1:1", "postgresql://vbp@127.0.0.1:1/vbp", marks).save()
    told = vbp("migrate")
    assert "Using the local stack on .vbp/local for kafka and database" in told.err
    assert "PostgreSQL at postgresql://…@127.0.0.1:1/vbp does not answer" in told.err
    monkeypatch.setenv("VBP_DATABASE", "postgresql://vbp@127.0.0.1:2/vbp")
    told = vbp("migrate")
    assert "Using the local stack on .vbp/local for kafka\n" in told.err
    assert "127.0.0.1:2/vbp does not answer" in told.err


def test_what_starts_and_ends_a_stack_names_the_directory_that_it_is_about(vbp: Vbp) -> None:
    told = vbp("local", "status", "--data", "my stack")
    assert told.code == 1
    assert "No local stack runs on my stack; `vbp local up --data 'my stack'` starts" in told.err
    assert "`vbp local up` starts one" in vbp("local", "status").err


def test_the_doctor_names_a_remedy_for_each_fault_and_gives_exit_code_1(
    vbp: Vbp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VBP_KAFKA", "127.0.0.1:1")
    monkeypatch.setenv("VBP_DATABASE", "postgresql://vbp@127.0.0.1:1/vbp")
    told = vbp("doctor")
    assert told.code == 1
    bad = [line for line in told.out.splitlines() if line.startswith("BAD")]
    assert len(bad) == 2
    assert all("vbp local up" in line for line in bad)


def test_a_demo_does_not_clear_a_directory_that_is_not_its_own(vbp: Vbp, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter").write_text("dear")
    assert vbp("demo", "--data", "mine").code == 2
    assert (tmp_path / "mine" / "letter").read_text() == "dear"


def test_a_taken_port_is_replaced_by_a_free_one() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        chosen = processes.choose_ports({"orders": port})
        assert chosen["orders"] != port
        assert ports.is_free(chosen["orders"])
    assert processes.choose_ports({"orders": port}) == {"orders": port}


@pytest.mark.parametrize(
    ("arguments", "option", "variable"),
    [
        (["worker", "orders"], "--metrics-port", "VBP_METRICS_PORT"),
        (["worker", "delivery"], "--metrics-port", "VBP_METRICS_PORT"),
        (["worker", "compliance"], "--metrics-port", "VBP_METRICS_PORT"),
        (["serve", "orders"], "--port", "VBP_PORT"),
        (["serve", "compliance"], "--port", "VBP_PORT"),
    ],
)
def test_a_taken_port_is_named_with_what_gives_another(
    vbp: Vbp,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    option: str,
    variable: str,
) -> None:
    monkeypatch.setenv("VBP_KAFKA", "127.0.0.1:1")
    monkeypatch.setenv("VBP_DATABASE", "postgresql://vbp@127.0.0.1:1/vbp")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        told = vbp(*arguments, option, str(port))
    assert told.code == 1
    said = f"vbp: port {port} of 127.0.0.1 is taken: give another by {option} (or {variable})\n"
    assert told.err.endswith(said)
    assert "Traceback" not in told.err


def test_an_address_that_nothing_can_listen_at_is_named_too(
    vbp: Vbp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VBP_HOST", "192.0.2.1")
    monkeypatch.setenv("VBP_IDENTITY", "required")
    told = vbp("serve", "orders", "--port", "8001")
    assert told.code == 1
    assert "vbp: nothing can listen at port 8001 of 192.0.2.1" in told.err


@pytest.mark.parametrize(
    ("log", "why"),
    [
        ("loud\nvbp: port 9001 of 127.0.0.1 is taken\n", "port 9001 of 127.0.0.1 is taken"),
        (
            "Traceback\nshared.domain.errors.SetupError: a topic was made again\nStopping\n",
            "a topic was made again",
        ),
        (
            '{"message": "Crashed reason=SetupError(\'the schema is newer\')"}',
            "the schema is newer",
        ),
        ("vbp: first\nvbp: second\n", "second"),
        ("all is well", ""),
    ],
)
def test_a_process_that_ended_is_quoted_with_its_reason(log: str, why: str) -> None:
    assert processes.reason(log) == why


def test_the_demo_says_why_a_process_of_it_ended(tmp_path: Path) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        processes.Children(tmp_path, {}) as children,
    ):
        port = str(taken.getsockname()[1])
        children.start("orders-worker", "worker", "orders", "--metrics-port", port)
        why = rf"orders-worker ended with 1 \(port {port} of 127.0.0.1 is taken: "
        with pytest.raises(SetupError, match=why):
            children.wait("orders-worker")


def test_a_bulletin_without_a_database_names_the_variable(
    vbp: Vbp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VBP_DATABASE", "postgresql://vbp@127.0.0.1:1/vbp")
    told = vbp("bulletin", "2022-05")
    assert told.code == 1
    assert "Start it, or set VBP_DATABASE" in told.err


def test_found_and_planted_are_compared_by_id_rule_by_rule() -> None:
    found = {"a": "late-delivery", "b": "late-delivery", "c": "coverage-gap"}
    planted = {"a": "late-delivery", "d": "selected-price"}
    rows = {row.rule: tuple(row[1:]) for row in demo_verdict.compare(found, planted)}
    assert rows["late-delivery"] == (2, 1, 0, 1)
    assert rows["coverage-gap"] == (1, 0, 0, 1)
    assert rows["selected-price"] == (0, 1, 1, 0)
    assert rows["all"] == (3, 2, 1, 2)


def test_a_replay_judges_by_the_values_that_it_is_given(vbp: Vbp, tmp_path: Path) -> None:
    order = said("order.placed", "2022-03-01 09:00:00", order="O1")
    answer = said("order.accepted", "2022-03-01 12:00:00", order="O1")
    lines = [said("product.selected"), said("hospital.enrolled"), order, answer]
    (tmp_path / "a.ndjson").write_text("\n".join(map(json.dumps, lines)), "utf-8")
    asked = ("replay", "a.ndjson", "--as-of", "2022-03-02T00:00:00+08:00")
    assert vbp(*asked).out == ""
    told = vbp(*asked, "--set", "response_hours=2", "--set", "response_hours=1.5")
    (late,) = map(json.loads, told.out.splitlines())
    assert (late["rule"], late["basis"][0]["value"]) == ("late-response", 1.5)
    under = vbp(*asked, "--set", "response_hours=2", "--policy", "cn-sx-2021-22")
    assert json.loads(under.out)["rule"] == "late-response"
