"""Cases over HTTP: derived, worked on by people, with letters that stay as they went out."""

import random
import re
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import asyncpg
import httpx
import msgspec
import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from services.compliance.answers.audit_cases import check_cases
from services.compliance.findings.accused import Accused
from services.compliance.findings.violation import Change, ChangeKind, Violation
from services.compliance.people.case import PartyCase
from services.compliance.people.procedure import CaseStep
from services.compliance.settings import Settings
from services.compliance.storage import violations
from services.compliance.storage.cases import CaseDoing, CaseWritten, Seal, take_step
from services.compliance.web.app import create_app
from shared.adapters.postgres import Connection
from shared.domain.calendar import day_of
from shared.domain.principal import Party, Role
from tests.support.kept import POLICIES, TOLD, a_connection, a_violation, problem, read
from tests.support.keys import a_key, bearer
from tests.support.pages import page_of

pytestmark = pytest.mark.integration

KEY = Ed25519PrivateKey.generate()
SAID = {"message_zh": "医疗机构 H1 的订单应于 2022-01-01 08:01:00+08:00 前响应"}
MINE = [a_violation(n, severity="breach", **SAID) for n in (1, 2, 3)]
HINT = a_violation(4)
OTHERS = [
    a_violation(10, distributor="D2"),
    a_violation(11, rule="late-delivery"),
    a_violation(12, jurisdiction="cn-tj"),
    a_violation(60 * 24 * 40),
]
CASE = PartyCase("cn-sx", "late-response", "2022-01", "distributor", "D1").name
AT = f"/v1/cases/{CASE}"

Headers = dict[str, str]


async def tell(
    connection: Connection, kind: ChangeKind, told: Sequence[Violation], *, at: datetime = TOLD
) -> None:
    """Have the machine tell of violations, each of which accuses its distributor."""
    changes = [
        Change(
            kind,
            one.id,
            at,
            None if kind == "withdrawn" else one,
            (),
            accused=Accused("distributor", one.distributor or ""),
        )
        for one in told
    ]
    await violations.tell(connection, changes)


@pytest_asyncio.fixture
async def connection(database: str) -> AsyncIterator[Connection]:
    async with a_connection(database) as connection:
        await tell(connection, "opened", [*MINE, HINT, *OTHERS])
        yield connection


@pytest_asyncio.fixture
async def api(
    database: str,
    connection: Connection,  # noqa: ARG001 - it tells the violations
    tmp_path: Any,
) -> AsyncIterator[httpx.AsyncClient]:
    told = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "key.pem").write_bytes(told)
    settings = Settings(database=database, identity="required", pack_key=tmp_path / "key.pem")
    app = create_app(settings, POLICIES)
    client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://api")
    async with app.router.lifespan_context(app), client:
        yield client


async def an_official(database: str, holder: str, *roles: Role) -> Headers:
    return bearer(await a_key(database, *roles, holder=holder))


async def a_party(database: str, code: str) -> Headers:
    own = [Party("distributor", code)]
    return bearer(await a_key(database, Role.PARTY, holder=code, parties=own))


async def acted(api: httpx.AsyncClient, who: Headers, part: str, body: dict[str, Any]) -> Any:
    """Do something of the case as it stands."""
    etag = (await api.get(AT, headers=who)).headers["etag"]
    return await api.post(f"{AT}/{part}", json=body, headers=who | {"if-match": etag})


async def reviewed(api: httpx.AsyncClient, who: Headers, act: str, *ids: Any) -> None:
    for name in ids:
        at = f"/v1/violations/{name}"
        etag = (await api.get(at, headers=who)).headers["etag"]
        body = {"act": act, "text": "已核实"}
        answer = await api.post(f"{at}/reviews", json=body, headers=who | {"if-match": etag})
        assert answer.status_code == 200, answer.text


async def test_cases_follow_from_violations_in_whatever_order_they_were_told(
    api: httpx.AsyncClient, connection: Connection, database: str
) -> None:
    who = await an_official(database, "one", Role.AUDITOR)
    page = read(await api.get("/v1/cases?jurisdiction=cn-sx", headers=who))
    found = {item["id"]: item["counts"]["found"] for item in page["items"]}
    wanted = {
        CASE: len(MINE) + 1,
        PartyCase("cn-sx", "late-response", "2022-01", "distributor", "D2").name: 1,
        PartyCase("cn-sx", "late-delivery", "2022-01", "distributor", "D1").name: 1,
        PartyCase("cn-sx", "late-response", "2022-02", "distributor", "D1").name: 1,
    }
    assert found == wanted
    assert [item["month"] for item in page["items"]] == ["2022-02", *["2022-01"] * 3]
    token, walked = "", list[str]()
    while True:
        asked = {"jurisdiction": "cn-sx", "page_size": "1"} | (
            {"page_token": token} if token else {}
        )
        one = read(await api.get("/v1/cases", params=asked, headers=who))
        walked += [item["id"] for item in one["items"]]
        if one["next_page_token"] is None:
            break
        token = one["next_page_token"]
    assert walked == [item["id"] for item in page["items"]]
    anew = [*MINE, HINT, *OTHERS]
    random.Random(3).shuffle(anew)
    for one in anew:
        await tell(connection, "changed", [one], at=TOLD + timedelta(hours=1))
    again = read(await api.get("/v1/cases?jurisdiction=cn-sx", headers=who))
    assert again == page
    item = read(await api.get(AT, headers=who))
    members = {"jurisdiction": "cn-sx", "rule": "late-response", "month": "2022-01"} | {
        name: item[name] for name in ("accused_role", "accused")
    }
    listed = read(await api.get("/v1/violations", params=members, headers=who))
    assert {one["id"] for one in listed["items"]} == {str(one.id) for one in [*MINE, HINT]}
    assert sum(one["count"] for one in item["shares"]) == len(MINE) + 1
    assert (item["seq"], item["stage"], item["chain"]["verified"]) == (0, "found", True)


async def test_cases_say_of_how_many_they_are_and_how_many_there_are(
    api: httpx.AsyncClient, connection: Connection, database: str
) -> None:
    who = await an_official(database, "one", Role.AUDITOR)
    await connection.execute(
        "INSERT INTO compliance.judged_count VALUES "
        "('cn-sx', 'distributor', 'D1', '2022-01', '', 'late-delivery late-response', true, 40),"
        "('cn-sx', 'distributor', 'D1', '2022-01', '1402', 'late-response', true, 1160),"
        "('cn-sx', 'distributor', 'D1', '2022-01', '1402', 'late-response', false, 9),"
        "('cn-sx', 'distributor', 'D1', '2022-02', '1401', 'late-response', true, 5),"
        "('cn-sx', 'distributor', 'D2', '2022-01', '1401', 'late-response', true, 7),"
        "('cn-sx', 'distributor', 'D1', '', '1401', 'late-response', true, 2)"
    )
    page = read(await api.get("/v1/cases?page_size=2", headers=who))
    asked = {"page_size": 2, "page_token": page["next_page_token"]}
    later = read(await api.get("/v1/cases", params=asked, headers=who))
    judged = {one["id"]: one["judged"] for one in [*page["items"], *later["items"]]}
    assert sorted(judged.values()) == [7, 7, 40, 1202]
    assert judged[CASE] == read(await api.get(AT, headers=who))["judged"] == 1202
    assert page["total"] == later["total"] == {"count": 4, "open": 4, "at_least": False}
    await tell(connection, "withdrawn", OTHERS)
    await acted(api, await an_official(database, "two", Role.OFFICER), "acts", {"act": "take"})
    for query in ("", "?stage=verifying"):
        answer = read(await api.get(f"/v1/cases{query}", headers=who))
        assert answer["total"] == {"count": 1, "open": 1, "at_least": False}
    html = {"accept": "text/html"}
    listed = page_of(await api.get("/cases?lang=zh", headers=who | html))
    assert "1 / 1 件" in listed.text
    assert f"{len(MINE) + 1} / 1,202" in listed.text
    shown = page_of(await api.get(f"/cases/{CASE}?lang=en", headers=who | html))
    assert f"found / judged {len(MINE) + 1} / 1,202" in shown.text.lower()


async def test_a_case_is_walked_by_two_people_and_its_letters_stay_as_they_went_out(
    api: httpx.AsyncClient, connection: Connection, database: str
) -> None:
    officer = await an_official(database, "officer", Role.OFFICER)
    reviewer = await an_official(database, "reviewer", Role.REVIEWER)
    accused, other = await a_party(database, "D1"), await a_party(database, "D2")
    assert (await api.post(f"{AT}/acts", json={"act": "take"}, headers=officer)).status_code == 428
    assert read(await acted(api, officer, "acts", {"act": "take"}))["stage"] == "verifying"
    late = await api.post(f"{AT}/acts", json={"act": "take"}, headers=officer | {"if-match": '"0"'})
    assert problem(late, 412)["changes"][0]["change"] == "taken"
    draft = await acted(api, officer, "letters", {"kind": "notice", "text": "请<b>说明</b>"})
    assert [one["n"] for one in read(draft)["letters"]] == [1]
    assert read(draft)["seq"] == 1

    await connection.execute(
        "INSERT INTO compliance.name (jurisdiction, kind, code, name, said_at, source, id) VALUES "
        "('cn-sx', 'hospital', 'H1', '县人民医院', now(), '/platforms/cn-sx', 'n1'), "
        "('cn-sx', 'distributor', 'D1', '晋康医药', now(), '/platforms/cn-sx', 'n2')"
    )

    empty = await acted(api, reviewer, "letters/1/issue", {"number": "晋药采告〔2022〕1号"})
    assert problem(empty, 409)["type"].endswith("nothing-to-list")
    await reviewed(api, officer, "acknowledge", MINE[0].id, MINE[1].id, HINT.id)
    assert (await acted(api, officer, "letters/1/issue", {"number": "1"})).status_code == 403
    issued = read(await acted(api, reviewer, "letters/1/issue", {"number": "晋药采告〔2022〕1号"}))
    assert (issued["stage"], issued["letters"][0]["listed"]) == ("notified", 2)
    assert issued["due"] > f"{datetime.now(UTC):%Y-%m-%d}"
    assert (await acted(api, reviewer, "letters/1/issue", {"number": "2"})).status_code == 409
    early = problem(await acted(api, reviewer, "acts", {"act": "decide"}), 409)
    assert (early["type"].rpartition(":")[2], early["due"]) == ("deadline-open", issued["due"])

    letter = await api.get(f"{AT}/letters/1", headers=accused)
    assert letter.status_code == 200
    assert sha256(letter.content).hexdigest() == issued["letters"][0]["sha256"]
    KEY.public_key().verify(bytes.fromhex(letter.headers["x-vbp-signature"]), letter.content)
    assert "&lt;b&gt;" in letter.text
    assert "依据《" in letter.text
    assert "晋医保发〔2021〕22号" in letter.text
    assert "晋康医药 D1：" in letter.text
    assert "医疗机构 县人民医院（H1） 的订单应于 2022-01-01 08:01:00 前响应" in letter.text
    assert "sandbox" in letter.headers["content-security-policy"]
    assert all(str(one.id) in letter.text for one in (MINE[0], MINE[1], HINT))
    assert str(MINE[2].id) not in letter.text
    for statement in (
        "UPDATE compliance.letter SET body = ''",
        "DELETE FROM compliance.letter",
        "UPDATE compliance.case_history SET actor = 'x'",
    ):
        with pytest.raises(asyncpg.RaiseError):
            await connection.execute(statement)
    await tell(connection, "changed", MINE, at=TOLD + timedelta(hours=2))
    assert (await api.get(f"{AT}/letters/1", headers=accused)).content == letter.content

    assert read(await api.get(AT, headers=accused))["allowed"] == []
    for path in (AT, f"{AT}/letters/1"):
        assert (await api.get(path, headers=other)).status_code == 404
    reply = {"act": "reply", "text": "已补齐"}
    refused = await api.post(f"{AT}/acts", json=reply, headers=other | {"if-match": '"2"'})
    assert refused.status_code == 404
    assert (await acted(api, accused, "acts", reply)).status_code == 409
    assert read(await api.get("/v1/cases", headers=other))["items"][0]["accused"] == "D2"


async def test_what_a_letter_lists_and_the_facts_take_back_is_to_be_corrected_once(
    api: httpx.AsyncClient, connection: Connection, database: str
) -> None:
    officer = await an_official(database, "officer", Role.OFFICER)
    reviewer = await an_official(database, "reviewer", Role.REVIEWER)
    await acted(api, officer, "acts", {"act": "take"})
    await reviewed(api, officer, "acknowledge", *(one.id for one in MINE))
    await acted(api, officer, "letters", {"kind": "notice", "text": "告知"})
    early = await acted(api, officer, "letters", {"kind": "correction", "text": "更正"})
    assert problem(early, 409)["type"].endswith("nothing-to-list")
    await acted(api, reviewer, "letters/1/issue", {"number": "告1"})

    await tell(connection, "withdrawn", MINE[:1], at=TOLD + timedelta(hours=1))
    elsewhere = a_violation(2, severity="breach", distributor="D9")
    await tell(connection, "changed", [elsewhere], at=TOLD + timedelta(hours=1))
    item = read(await api.get(AT, headers=officer))
    assert (item["corrections_due"], item["letters"][0]["wrong"]) == (2, 2)
    asked = {"jurisdiction": "cn-sx", "corrections_due": "true"}
    listed = read(await api.get("/v1/cases", params=asked, headers=officer))["items"]
    assert [(one["id"], one["corrections_due"]) for one in listed] == [(CASE, 2)]
    await tell(connection, "changed", MINE[1:2], at=TOLD + timedelta(hours=2))
    assert read(await api.get(AT, headers=officer))["corrections_due"] == 1

    drafted = read(await acted(api, officer, "letters", {"kind": "correction", "text": "更正"}))
    n = drafted["letters"][-1]["n"]
    done = read(await acted(api, reviewer, f"letters/{n}/issue", {"number": "更1"}))
    assert (done["corrections_due"], done["letters"][-1]["listed"]) == (0, 1)
    assert done["stage"] == "notified"
    text = (await api.get(f"{AT}/letters/{n}", headers=officer)).text
    assert "告1" in text
    assert str(MINE[0].id) in text
    assert done["chain"]["verified"]
    # Found again and taken back again is another thing to be told.
    await tell(connection, "opened", MINE[:1], at=TOLD + timedelta(hours=3))
    assert read(await api.get(AT, headers=officer))["corrections_due"] == 0
    await tell(connection, "withdrawn", MINE[:1], at=TOLD + timedelta(hours=4))
    assert read(await api.get(AT, headers=officer))["corrections_due"] == 1
    assert await check_cases(connection) == (1, [])
    await connection.execute("UPDATE compliance.listed SET wrong_since = NULL")
    _, found = await check_cases(connection)
    assert [one.rpartition(": ")[2] for one in found] == ["wrong is False, and should be True"]
    await connection.execute("DELETE FROM compliance.listed WHERE kind = 'correction'")
    assert any("letter 2 is " in one for one in (await check_cases(connection))[1])


async def test_a_case_says_by_day_what_occurred_and_what_has_changed_since_the_party_was_told(
    api: httpx.AsyncClient, connection: Connection, database: str
) -> None:
    officer = await an_official(database, "officer", Role.OFFICER)
    reviewer = await an_official(database, "reviewer", Role.REVIEWER)
    party = await a_party(database, "D1")
    assert read(await api.get(AT, headers=officer))["since_notice"] is None
    await acted(api, officer, "acts", {"act": "take"})
    await reviewed(api, officer, "acknowledge", *(one.id for one in MINE))
    await acted(api, officer, "letters", {"kind": "notice", "text": "告知"})
    assert read(await api.get(AT, headers=officer))["since_notice"] is None
    issued = read(await acted(api, reviewer, "letters/1/issue", {"number": "告1"}))
    said = {"listed": len(MINE), "taken_back": 0, "over": 0, "added": 1}
    assert issued["since_notice"] == said | {"issued_at": issued["letters"][0]["issued_at"]}

    at = TOLD + timedelta(hours=1)
    over = [msgspec.structs.replace(one, status="closed") for one in MINE[2:3]]
    await tell(connection, "closed", over, at=at)
    await tell(connection, "withdrawn", MINE[:1], at=at)
    moved = a_violation(2, severity="breach", distributor="D9")
    later = a_violation(60 * 24 * 3 + 1, severity="breach", distributor="D1")
    await tell(connection, "changed", [moved], at=at)
    await tell(connection, "opened", [later], at=at)
    for asker in (officer, party):
        item = read(await api.get(AT, headers=asker))
        said = {"listed": len(MINE), "taken_back": 2, "over": 1, "added": 2}
        assert item["since_notice"] == said | {"issued_at": issued["letters"][0]["issued_at"]}
        assert sum(one["found"] for one in item["days"]) == item["counts"]["found"]
        assert sum(one["open"] for one in item["days"]) == item["counts"]["open"]
        assert item["days"][-1] == {"day": "2022-01-04", "found": 1, "open": 1}


async def test_what_was_changed_behind_our_back_of_a_case_is_named(
    api: httpx.AsyncClient, connection: Connection, database: str
) -> None:
    officer = await an_official(database, "officer", Role.OFFICER, Role.REVIEWER)
    await acted(api, officer, "acts", {"act": "take"})
    await acted(api, officer, "acts", {"act": "remark", "text": "电话确认"})
    assert read(await api.get(AT, headers=officer))["chain"]["verified"]
    for statement, column in (
        ("UPDATE compliance.case_work SET stage = 'closed'", "stage"),
        ("UPDATE compliance.case_work SET assignee = 'person:x'", "assignee"),
        ("UPDATE compliance.case_work SET due = '2022-01-01'", "due"),
        ("UPDATE compliance.case_work SET seq = 9", "seq"),
        ("UPDATE compliance.case_remark SET text = '未确认'", "words"),
        ("UPDATE compliance.case_remark SET internal = false", "internal"),
        ("DELETE FROM compliance.case_remark", "words"),
    ):
        await connection.execute("CREATE TEMP TABLE w AS SELECT * FROM compliance.case_work")
        await connection.execute("CREATE TEMP TABLE r AS SELECT * FROM compliance.case_remark")
        await connection.execute(statement)
        chain = read(await api.get(AT, headers=officer))["chain"]
        assert not chain["verified"]
        assert column in chain["problem"], statement
        _, found = await check_cases(connection)
        assert any(column in one for one in found), statement
        for table, held in (("case_work", "w"), ("case_remark", "r")):
            await connection.execute(f"DELETE FROM compliance.{table}")  # noqa: S608
            await connection.execute(f"INSERT INTO compliance.{table} SELECT * FROM {held}")  # noqa: S608
            await connection.execute(f"DROP TABLE {held}")
    assert read(await api.get(AT, headers=officer))["chain"]["verified"]
    assert await check_cases(connection) == (1, [])


async def test_a_party_is_told_nothing_that_is_internal_and_the_chain_holds_for_it(
    api: httpx.AsyncClient, database: str
) -> None:
    officer = await an_official(database, "officer", Role.OFFICER)
    accused = await a_party(database, "D1")
    await acted(api, officer, "acts", {"act": "take"})
    await acted(api, officer, "acts", {"act": "remark", "text": "内部", "internal": True})
    await acted(api, officer, "acts", {"act": "remark", "text": "请补充", "internal": False})
    await acted(api, officer, "letters", {"kind": "notice", "text": "草稿"})
    comment = {"text": "内部意见", "internal": True}
    at = f"/v1/violations/{MINE[0].id}"
    assert (await api.post(f"{at}/comments", json=comment, headers=officer)).status_code == 200
    item = read(await api.get(AT, headers=accused))
    assert [line["text"] for line in item["history"]] == [None, None, "请补充"]
    assert (item["letters"], item["chain"]["verified"]) == ([], True)
    seen = read(await api.get(at, headers=accused))
    assert seen["chain"]["verified"], seen["chain"]
    assert "内部" not in (await api.get(f"/cases/{CASE}", headers=accused)).text


async def test_a_letter_in_english_and_how_it_was_received(
    api: httpx.AsyncClient, connection: Connection, database: str
) -> None:
    officer = await an_official(database, "officer", Role.OFFICER)
    reviewer = await an_official(database, "reviewer", Role.REVIEWER)
    accused = await a_party(database, "D1")
    await acted(api, officer, "acts", {"act": "take"})
    await reviewed(api, officer, "acknowledge", MINE[0].id, HINT.id)
    drafted = {"kind": "notice", "text": "Please explain", "language": "en"}
    assert read(await acted(api, officer, "letters", drafted))["letters"][0]["language"] == "en"
    today = day_of(datetime.now(UTC))
    came = {"channel": "post", "day": today.isoformat(), "text": "前台 签收"}
    assert (await acted(api, officer, "letters/1/deliveries", came)).status_code == 409
    await acted(api, reviewer, "letters/1/issue", {"number": "No. 1"})
    letter = (await api.get(f"{AT}/letters/1", headers=accused)).text
    assert '<html lang="en">' in letter
    assert "Order answered late" in letter
    assert "not answered" in letter
    assert not re.search(r"[\u4e00-\u9fff]", re.sub(r"<span lang=.*?</span>|“.*?”", "", letter))

    assert (await acted(api, accused, "letters/1/deliveries", came)).status_code == 403
    for wrong in (
        came | {"day": (today + timedelta(days=1)).isoformat()},
        came | {"day": (today - timedelta(days=1)).isoformat()},
        came | {"text": " "},
        came | {"channel": "pigeon"},
    ):
        assert (await acted(api, officer, "letters/1/deliveries", wrong)).status_code == 422, wrong
    read(await acted(api, officer, "letters/1/deliveries", came))
    public = came | {"channel": "public-notice", "text": "门户网站公告"}
    read(await acted(api, officer, "letters/1/deliveries", public))
    item = read(await api.get(AT, headers=accused))
    told = [(one["channel"], one["received"]) for one in item["letters"][0]["deliveries"]]
    assert told == [
        ("post", today.isoformat()),
        ("public-notice", (today + timedelta(days=15)).isoformat()),
    ]
    assert item["letters"][0]["deliveries"][0]["received_by"] == "前台 签收"
    assert item["chain"]["verified"]
    assert await check_cases(connection) == (1, [])
    page = (await api.get(f"/cases/{CASE}", headers=officer)).text
    assert "前台 签收" in page
    assert "视为送达" in page


async def test_a_closed_case_says_what_was_found_since_and_does_not_reopen_itself(
    api: httpx.AsyncClient, connection: Connection, database: str
) -> None:
    officer = await an_official(database, "officer", Role.OFFICER)
    reviewer = await an_official(database, "reviewer", Role.REVIEWER)
    await acted(api, officer, "acts", {"act": "take"})
    close = {"act": "close", "outcome": "no-action", "text": "情节轻微"}
    assert read(await acted(api, reviewer, "acts", close))["grew"] == 0
    later = datetime.now(UTC) + timedelta(seconds=1)
    await tell(connection, "opened", [a_violation(5), a_violation(6)], at=later)
    item = read(await api.get(AT, headers=officer))
    assert (item["stage"], item["grew"], item["outcome"]) == ("closed", 2, "no-action")
    reopened = read(await acted(api, reviewer, "acts", {"act": "reopen", "text": "又有两项"}))
    assert (reopened["stage"], reopened["round"], reopened["grew"]) == ("verifying", 2, 0)


async def test_of_two_who_begin_at_once_one_is_told_that_the_case_has_moved(
    connection: Connection, database: str, api: httpx.AsyncClient
) -> None:
    assert api
    case = PartyCase.named(CASE)
    now = datetime.now(UTC)

    def taking(by: str) -> CaseDoing:
        return CaseDoing(CaseStep("take", now, by, frozenset({"officer"})))

    async with a_connection(database) as other:
        first = connection.transaction()
        await first.start()
        done = await take_step(connection, case, 0, taking("person:a"), lambda _: Seal(b""))
        assert done == CaseWritten(1)
        await other.execute("SET lock_timeout = '200ms'")
        with pytest.raises(asyncpg.LockNotAvailableError):
            await take_step(other, case, 0, taking("person:b"), lambda _: Seal(b""))
        await first.commit()
        moved = await take_step(other, case, 0, taking("person:b"), lambda _: Seal(b""))
    assert not isinstance(moved, CaseWritten)
    nothing = PartyCase.named(CASE)._replace(party="D7")
    assert await take_step(connection, nothing, 0, taking("a"), lambda _: Seal(b"")) is None
    assert await connection.fetchval("SELECT count(*) FROM compliance.case_work") == 1
