"""The program of a signing process: a key first, then digests in, signatures out, on the socket that is its stdin.

It stands alone and imports nothing of ours, so that it starts fast and stays small.
"""

from __future__ import annotations

import signal
import socket
import struct

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_private_key

DIGEST_OCTETS = 32


def serve(connection: socket.socket) -> None:
    """Answer each SHA-256 digest with its signature, in order, until the other end is closed or dead.

    It begins with the key: its length (4 octets, big-endian) and PKCS #8 in DER.
    """
    stream = connection.makefile("rb")
    (size,) = struct.unpack(">I", stream.read(4))
    key = load_der_private_key(stream.read(size), password=None)
    if not isinstance(key, RSAPrivateKey):
        raise TypeError(f"an RSA key is needed, not {type(key).__name__}")
    padding, algorithm = PKCS1v15(), Prehashed(SHA256())
    while len(digest := stream.read(DIGEST_OCTETS)) == DIGEST_OCTETS:
        connection.sendall(key.sign(digest, padding, algorithm))


def main() -> None:
    # A terminal or a service manager stops the whole group; the sending process needs us until it has drained.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        serve(socket.socket(fileno=0))
    except (BrokenPipeError, ConnectionResetError):
        return  # the sending process is gone, and nobody waits for the answer


if __name__ == "__main__":
    main()
