import pytest
from hypothesis import given
from hypothesis import strategies as some

from services.compliance.judging.pieces import parted, pieces

BYTES = some.lists(some.binary(max_size=300), max_size=20)


@given(BYTES, BYTES)
def test_pieces_come_back_as_they_were_written_and_more_can_be_added(
    one: list[bytes], more: list[bytes]
) -> None:
    assert list(parted(pieces(one) + pieces(more))) == one + more


@given(some.binary(min_size=1, max_size=300), some.data())
def test_a_piece_that_is_cut_is_not_taken_for_whole(piece: bytes, data: some.DataObject) -> None:
    whole = pieces([piece])
    cut = data.draw(some.integers(min_value=1, max_value=len(whole) - 1))
    with pytest.raises(ValueError, match="is cut"):
        list(parted(whole[:cut]))
