"""`vbp verify` and `vbp pack key`, as they are called."""

from pathlib import Path

from tests.support.command_line import Vbp


def test_beside_a_key_that_is_there_nothing_is_written(vbp: Vbp, tmp_path: Path) -> None:
    for there in ("pack.pem", "pack.pem.pub"):
        (tmp_path / there).write_text("kept")
        told = vbp("pack", "key", "pack.pem")
        assert told.code == 2
        assert f"vbp: {there}: is there already" in told.err
        assert {one.name: one.read_text() for one in tmp_path.iterdir()} == {there: "kept"}
        (tmp_path / there).unlink()


def test_verify_takes_no_pack_on_trust(vbp: Vbp, tmp_path: Path) -> None:
    pack, key = tmp_path / "x.zip", tmp_path / "key.pem"
    pack.write_bytes(b"no pack")
    assert vbp("pack", "key", str(key)).code == 0

    none_given = vbp("verify", str(pack))
    no_key = vbp("verify", str(pack), "--key", str(key))
    no_pack = vbp("verify", str(pack), "--key", f"{key}.pub")

    assert (none_given.code, "--key" in none_given.err) == (2, True)
    assert (no_key.code, "holds no public key" in no_key.err) == (2, True)
    assert (no_pack.code, no_pack.out.startswith("the archive: is no pack")) == (1, True)
