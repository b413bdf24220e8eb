from __future__ import annotations

import email
import email.policy
import quopri
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.render.quoted import encode_piece

HOSTILE = st.sampled_from(
    ["", " ", "  ", ".", "..", "-", "--", "From ", "F", "=", "=3D", "\n", "\n.\n", "\r.\r", "\n.\r\n", "\t", "\u00a0"]
)
PIECES = st.lists(st.one_of(st.text(max_size=200), HOSTILE, st.text("ab =.-F\r\n\tä€😀", max_size=200)), max_size=8)


def joined(pieces: list[str]) -> bytes:
    """As a part is built: pieces in any order, a hard break at the end."""
    return b"".join(map(encode_piece, [*pieces, "\n"]))


def wanted(pieces: list[str]) -> str:
    text = "".join(re.sub("\r\n|\r|\n", "\n", piece) for piece in pieces)
    return text.encode("utf-8", "replace").decode("utf-8") + "\n"


@given(PIECES)
def test_pieces_decode_to_what_went_in_in_any_order(pieces: list[str]) -> None:
    for order in (pieces, pieces[::-1]):
        assert quopri.decodestring(joined(order)).replace(b"\r\n", b"\n").decode() == wanted(order)


@given(PIECES)
def test_a_mail_parser_reads_the_same(pieces: list[str]) -> None:
    head = b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
    message = email.message_from_bytes(
        head + b"Content-Transfer-Encoding: quoted-printable\r\n\r\n" + joined(pieces), policy=email.policy.default
    )
    assert message.get_content().replace("\r\n", "\n") == wanted(pieces)
    assert message.defects == []


@given(PIECES)
def test_every_line_is_safe_on_the_wire(pieces: list[str]) -> None:
    body = joined(pieces)
    assert body.isascii()
    assert body.replace(b"\r\n", b"").count(b"\r") == body.replace(b"\r\n", b"").count(b"\n") == 0
    for line in body.split(b"\r\n"):
        assert len(line) <= 76
        assert not line.startswith((b".", b"-", b"From "))
        assert not line.endswith((b" ", b"\t"))


@given(PIECES)
def test_the_body_is_its_own_relaxed_canonical_form(pieces: list[str]) -> None:
    """RFC 6376, 3.4.4, but for empty lines at the end, which the closing boundary follows."""
    body = joined(pieces)
    canonical = re.sub(rb"[ \t]+(?=\r\n)", b"", re.sub(rb"[ \t]+", b" ", body))
    assert canonical == body


@given(st.text(max_size=300))
def test_the_last_piece_of_a_part_ends_without_a_soft_break(text: str) -> None:
    encoded = encode_piece(text, last=True)
    assert not encoded.endswith(b"=\r\n")
    assert not encoded.endswith((b" ", b"="))
    decoded = quopri.decodestring(encoded).replace(b"\r\n", b"\n").decode()
    assert decoded == wanted([text])[:-1]


@pytest.mark.parametrize(
    ("text", "encoded"),
    [
        ("", b""),
        ("a", b"a=\r\n"),
        ("-- \n", b"=2D- =20\r\n".replace(b" =20", b"=20")),
        ("Foto: X", b"=46oto: X=\r\n"),
        ("a  b", b"a =20b=\r\n"),
        ("é", b"=C3=A9=\r\n"),
        ("a=b", b"a=3Db=\r\n"),
        ("x" * 75, b"x" * 75 + b"=\r\n"),
        ("x" * 76, b"x" * 75 + b"=\r\nx=\r\n"),
        ("\ud800", b"?=\r\n"),
    ],
)
def test_examples(text: str, encoded: bytes) -> None:
    assert encode_piece(text) == encoded
