"""`vbp verify` and `vbp pack key`, as they are called."""

from pathlib import Path

from tests.support.command_line import Vbp


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
