from datetime import date
from typing import get_args

import msgspec
import pytest

from services.compliance.findings.finding import Missing
from services.compliance.law.feeds import Feed, ToldSince, told_since
from services.compliance.policies.policy import Policy, Value
from services.compliance.records.evidence import Term
from shared.domain.errors import SetupError
from tests.support.builders import POLICIES

(SX,) = POLICIES.of("cn-sx")


def telling(feed: str, since: str) -> Policy:
    values = {**SX.values, f"{feed}_told_since": Value(since, "assumption")}
    return msgspec.structs.replace(SX, values=values)


@pytest.mark.parametrize("feed", get_args(Feed))
def test_a_feed_is_told_since_a_day_or_never(feed: Feed) -> None:
    day = Term(f"{feed}_told_since", "2022-03-01", "assumption", SX.id)
    assert told_since(telling(feed, "2022-03-01"), feed) == ToldSince(date(2022, 3, 1), day)
    assert told_since(telling(feed, "never"), feed) == Missing(f"feed.{feed}")


@pytest.mark.parametrize("since", ["soon", "Never", "2022-02-30", ""])
def test_what_is_neither_a_day_nor_never_is_refused_with_what_to_write(since: str) -> None:
    problem = rf'payments_told_since is {since!r}; write a day such as "2021-12-17", or "never"$'
    with pytest.raises(SetupError, match=problem):
        told_since(telling("payments", since), "payments")
