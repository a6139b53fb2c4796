"""The operator's lists of hashes: what is near is found, what is spoilt is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansim.chat import KnownPicture
from ansim.pictures.fingerprint import fingerprint
from ansim.pictures.lists import ListError, Lists
from tests.pictures.drawn import shapes

HASH, _ = fingerprint(shapes(3))


def changed(hash_: str, bits: int) -> str:
    return f"{int(hash_, 16) ^ ((1 << bits) - 1):064x}"


def test_the_nearest_of_each_list_is_shown_with_its_distance(tmp_path: Path) -> None:
    near, far = tmp_path / "hotline.txt", tmp_path / "agency.txt"
    near.write_text(
        f"# ours\n{changed(HASH, 30)}\n\n{changed(HASH, 7).upper()} # a copy\n", "utf-8"
    )
    far.write_text(f"{changed(HASH, 31)}\n", "utf-8")
    (tmp_path / "other.txt").write_text(f"{changed(HASH, 32)}\n", "utf-8")
    lists = Lists([tmp_path])
    assert lists.known(HASH) == (
        KnownPicture(list="hotline", distance=7),
        KnownPicture(list="agency", distance=31),
    )
    assert Lists([near, far], near=6).known(HASH) == ()
    assert Lists().known(HASH) == ()
    assert lists.known("") == ()


def test_a_line_that_is_no_hash_is_named_by_file_and_number(tmp_path: Path) -> None:
    file = tmp_path / "hotline.txt"
    file.write_text(f"{HASH}\n# fine\nnot a hash\n", "utf-8")
    with pytest.raises(ListError, match=r"hotline\.txt, 3번째 줄 / line 3"):
        Lists([file])
    with pytest.raises(ListError, match=r"missing\.txt"):
        Lists([tmp_path / "missing.txt"])
    (tmp_path / "binary.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ListError, match=r"binary\.txt"):
        Lists([tmp_path / "binary.txt"])


def test_a_changed_list_is_read_again_and_a_spoilt_one_goes_on_as_it_was(tmp_path: Path) -> None:
    file = tmp_path / "hotline.txt"
    file.write_text("# nothing yet\n", "utf-8")
    lists = Lists([tmp_path])
    assert lists.known(HASH) == ()
    file.write_text(f"{HASH}\n", "utf-8")
    assert lists.known(HASH) == (KnownPicture(list="hotline", distance=0),)
    file.write_text(f"{HASH}\nspoilt\n", "utf-8")
    assert lists.known(HASH) == (KnownPicture(list="hotline", distance=0),)
    assert "hotline.txt, 2" in lists.problem
    file.write_text("# emptied again\n", "utf-8")
    assert lists.known(HASH) == ()
    assert lists.problem == ""
