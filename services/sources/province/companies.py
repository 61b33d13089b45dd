"""What the companies of a province are called: names that nobody bears, the same for every seed."""

from collections.abc import Iterator
from itertools import product
from typing import Final

_MAKERS: Final = tuple(
    product(
        ("诺衡", "海辰", "明济", "阳阿", "安合", "晋和", "恒泽"),
        ("制药", "药业", "生物制药", "医药科技"),
    )
)
_DISTRIBUTORS: Final = tuple(
    product(
        (
            *("汾源", "晋康", "太行", "云冈", "壶口", "恒岳", "沁河", "漳泽"),
            *("平城", "平定", "吕峰", "忻定", "芮南", "绛水", "雁门"),
        ),
        ("医药", "医疗供应链", "药品物流", "医药配送"),
    )
)
_KINDS: Final = {"M": ("manufacturer", _MAKERS), "D": ("distributor", _DISTRIBUTORS)}


def named(codes: set[str]) -> Iterator[tuple[str, str, str]]:
    """Give each code with the kind of company that it is of and a name, in the order of codes."""
    for code in sorted(codes):
        kind, names = _KINDS[code[0]]
        yield code, kind, "".join(names[(int(code[1:]) - 1) % len(names)]) + "有限公司"
