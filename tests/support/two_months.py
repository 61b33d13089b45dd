"""What D01 and others were told to do in two months, and what people did about one of them."""

from base64 import b64encode
from typing import Any

import httpx

from services.compliance.people.case import PartyCase
from shared.adapters.identity.invented import COOKIE
from tests.support.events import said
from tests.support.kept import read

OFFICER, REVIEWER, PARTY, REGULATOR = "liwj", "wangxm", "chen", "sunlei"

NAMES = ("阿莫西林胶囊", "县人民医院", "市医院", "晋安医药", "外方医药", "诺衡制药")
"""What products and parties are called, in every language."""

PROOF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
WRITTEN = {
    "acknowledge": "已核对原始订单",
    "letter": "请于期限内答复。",
    "number": "晋医保函 1",
    "dispute": "医院当日停电，无法受理。",
    "file": "停电通知.pdf",
}
"""What people write, each in their own language."""


def told() -> list[dict[str, Any]]:
    """Tell of orders that nobody answers: six of D01, in March and April, and one of D02."""
    terms: dict[str, Any] = {"delivery_hours": 48, "response_hours": 24}
    own = {"distributor": "D01", "agreement": "A1"}
    other = {"hospital": "H2", "area": "1402", "agreement": "A2"}
    days = ("03-01", "03-02", "03-03", "04-01", "04-02", "04-03")
    return [
        said("product.selected"),
        said("hospital.enrolled"),
        said("hospital.enrolled", hospital="H2", area="1402", name="市医院"),
        said("agreement.signed", **terms),
        said("agreement.signed", agreement="A2", hospital="H2", **terms),
        said("distributor.appointed", distributor="D01"),
        said("party.registered", party="D01", name="晋安医药"),
        said("party.registered", party="D02", name="外方医药"),
        said("party.registered", party="M1", kind_="manufacturer", name="诺衡制药"),
        *(
            said("order.placed", f"2022-{day} 09:00:00", order=f"O{n}", **own)
            for n, day in enumerate(days, 1)
        ),
        said("order.placed", "2022-03-01 09:00:00", order="O9", distributor="D02", **other),
    ]


def case_of(month: str) -> str:
    """Name the case of D01's late responses of a month."""
    return PartyCase("cn-sx", "late-response", month, "distributor", "D01").name


async def work_on(address: str, month: str) -> None:
    """Do what a case takes until its notice is out and one violation of it is disputed."""
    case = f"/v1/cases/{case_of(month)}"
    asked = {"rule": "late-response", "distributor": "D01", "month": month}
    async with httpx.AsyncClient(base_url=address, timeout=60) as api:

        async def done(who: str, path: str, seen: int, **body: Any) -> None:
            headers = {"cookie": f"{COOKIE}=person:{who}", "if-match": f'"{seen}"'}
            read(await api.post(path, json=body, headers=headers))

        found = read(await api.get("/v1/violations", params=asked))["items"]
        for one in found[:2]:
            at = f"/v1/violations/{one['id']}/reviews"
            await done(OFFICER, at, 1, act="acknowledge", text=WRITTEN["acknowledge"])
        await done(OFFICER, f"{case}/acts", 0, act="take")
        await done(OFFICER, f"{case}/letters", 1, kind="notice", text=WRITTEN["letter"])
        await done(REVIEWER, f"{case}/letters/1/issue", 1, number=WRITTEN["number"])
        seen = read(await api.get(f"/v1/violations/{found[0]['id']}"))["seq"]
        await done(
            PARTY,
            "/v1/disputes",
            seen,
            violations=[{"id": found[0]["id"], "seq": seen}],
            ground="hospital",
            text=WRITTEN["dispute"],
            attachments=[{"name": WRITTEN["file"], "data": b64encode(PROOF).decode()}],
        )
        await done(REVIEWER, f"/v1/bulletins/{month}/issue", 0, jurisdiction="cn-sx")
