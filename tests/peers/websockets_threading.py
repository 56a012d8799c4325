#!/usr/bin/env python3
"""The threading client of python `websockets` (PyPI), which sends all of a message before it reads.

    websockets_threading.py URL CERTIFICATE SOCKET_BUFFER LENGTH...

The server at URL greets and echoes. It sends a binary message of each LENGTH in bytes, in one frame
and in fragments, and expects it back. CERTIFICATE is the file with the server's certificate, or
empty; SOCKET_BUFFER is the length of the socket's buffers, or 0 for the system's. Prints `ok` at the
end.
"""

import socket
import ssl
import sys
from urllib.parse import urlsplit

from websockets.sync.client import connect

FRAGMENT_LEN = 300_000

url, certificate, socket_buffer, *lengths = sys.argv[1:]
address = urlsplit(url)

options = {}
if certificate:
    options["ssl"] = ssl.create_default_context(cafile=certificate)
    options["server_hostname"] = "localhost"


def connected():
    connection = socket.socket()
    if int(socket_buffer):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, int(socket_buffer))
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, int(socket_buffer))
    connection.connect((address.hostname, address.port))
    return connect(
        url, sock=connection, max_size=None, compression=None, open_timeout=15, **options
    )


def connected_by_tls():
    """Its threads use one TLS connection at the same time, and one request in some hundreds is
    never sent."""
    try:
        return connected()
    except TimeoutError:
        return connected()


with connected_by_tls() if certificate else connected() as ws:
    ws.recv()
    for length in map(int, lengths):
        message = (bytes(range(251)) * (length // 251 + 1))[:length]
        pieces = (message[at : at + FRAGMENT_LEN] for at in range(0, length, FRAGMENT_LEN))
        for sent in (message, pieces):
            ws.send(sent)
            if ws.recv() != message:
                sys.exit(f"{length} bytes: another message came back")
print("ok")
