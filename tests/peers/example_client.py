#!/usr/bin/env python3
"""Sessions with one of the core's examples that push: python `websockets` and plain sockets.

    example_client.py URL

The server at URL greets with "Welcome", echoes, sends "tick" once a second, answers a page of
another host with 403, and closes after "bye". It gives up a client that is slow after 10 seconds:
the last sessions take that long. Prints the name of each session, and `ok` at the end. If an answer
is wrong, prints the expected and the actual one and exits with status 1.
"""

import asyncio
import os
import random
import socket
import sys
import threading
from urllib.parse import urlsplit

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

OVERALL_SECONDS = 80
MASK = b"\x12\x34\x56\x78"
CLOSE, TEXT, BINARY = 8, 1, 2
LONG_TEXT = "aß水\U0001f980" * 20_000  # 200,000 bytes
BYE = 1000, "you said bye"

url = sys.argv[1]
address = urlsplit(url)
host = f"{address.hostname}:{address.port}"


def expect(what, expected, actual):
    if type(actual) is not type(expected) or actual != expected:
        print(f"{what}: expected {expected!r:.200}\n{what}: got      {actual!r:.200}", flush=True)
        os._exit(1)


def client(**options):
    # The client must read while it sends: the echo of a long message begins before its end.
    options |= {"compression": None, "max_size": None, "max_queue": None, "proxy": None}
    return connect(url, **options)


async def answer(ws):
    """The next message that was not pushed."""
    while (message := await ws.recv()) == "tick":
        pass
    return message


async def expect_echo(ws, message, pieces=None):
    await ws.send(message if pieces is None else pieces)
    expect("echo", message, await answer(ws))


async def expect_bye(ws):
    try:
        expect("after bye", "a Close", await answer(ws))
    except ConnectionClosed:
        expect("close", BYE, (ws.close_code, ws.close_reason))


async def greeting_echoes_and_close():
    async with client() as ws:
        expect("greeting", "Welcome", await ws.recv())
        for message in ("héllo 水 \U0001f980", "", b"", bytes(range(256)), "x" * 5000):
            await expect_echo(ws, message)
        await ws.close(4000, "enough")
        expect("close", 4000, ws.protocol.close_rcvd.code)


async def two_hundred_kilobytes_in_pieces():
    data = random.Random(0).randbytes(200_000)
    async with client() as ws:
        expect("greeting", "Welcome", await ws.recv())
        await expect_echo(ws, data, [data[at : at + 7001] for at in range(0, len(data), 7001)])
        await expect_echo(ws, LONG_TEXT, [LONG_TEXT[at : at + 999] for at in range(0, 80_000, 999)])
        await expect_echo(ws, data)
        await expect_echo(ws, LONG_TEXT)


async def pushes():
    async with client() as ws:
        received = [await ws.recv() for _ in range(4)]
        expect("pushes", ["Welcome", "tick", "tick", "tick"], received)


async def two_clients_at_once():
    async with client() as one, client() as two:
        for ws in (one, two):
            expect("greeting", "Welcome", await ws.recv())
        for number in range(100):
            await one.send(f"one {number}")
            await two.send(f"two {number}")
            expect("echo to two", f"two {number}", await answer(two))
            expect("echo to one", f"one {number}", await answer(one))
        for ws in (one, two):
            expect("push", "tick", await ws.recv())


async def pages():
    async with client(origin=f"http://{host}") as ws:
        expect("greeting", "Welcome", await ws.recv())
    for origin in ("http://elsewhere.example", "http://localhost:1", "null"):
        try:
            async with client(origin=origin):
                expect(origin, "refused", "open")
        except InvalidStatus as error:
            expect(origin, 403, error.response.status_code)


async def bye():
    for pieces in ("bye", ["b", "ye"]):
        async with client() as ws:
            expect("greeting", "Welcome", await ws.recv())
            await ws.send(pieces)
            await expect_bye(ws)


async def what_is_not_bye():
    async with client() as ws:
        expect("greeting", "Welcome", await ws.recv())
        for message, pieces in (("goodbye", ["good", "bye"]), (b"bye", None), ("byes", None)):
            await expect_echo(ws, message, pieces)


def frame(first, payload):
    masked = bytes(byte ^ MASK[at % 4] for at, byte in enumerate(payload))
    return bytes([first, 0x80 | len(payload)]) + MASK + masked


REQUEST = (
    f"GET / HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
).encode()


class Raw:
    """A client that sends and receives bytes."""

    async def __aenter__(self):
        self.reader, self.writer = await asyncio.open_connection(address.hostname, address.port)
        self.writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self

    async def __aexit__(self, *_):
        self.writer.close()

    async def open(self):
        self.writer.write(REQUEST)
        await self.head()
        expect("greeting", (0x80 | TEXT, b"Welcome"), await self.frame())

    async def head(self):
        head = await self.reader.readuntil(b"\r\n\r\n")
        return head.split(b"\r\n")[0]

    async def frame(self):
        """The next frame that was not pushed."""
        while True:
            first, length = await self.reader.readexactly(2)
            payload = await self.reader.readexactly(length)
            if payload != b"tick":
                return first, payload

    async def frames(self):
        """All of them, up to the end of the connection."""
        frames = []
        while True:
            try:
                frames.append(await self.frame())
            except asyncio.IncompleteReadError as error:
                expect("half a frame", b"", error.partial)
                return frames


async def one_byte_at_a_time():
    async with Raw() as raw:
        sent = REQUEST + frame(0x80 | TEXT, b"Hello") + frame(TEXT, b"b") + frame(0x80, b"ye")
        for at in range(len(sent)):
            raw.writer.write(sent[at : at + 1])
            await raw.writer.drain()
            await asyncio.sleep(0.001)
        expect("status", b"HTTP/1.1 101 Switching Protocols", await raw.head())
        close = [(0x80 | CLOSE, (1000).to_bytes(2, "big") + b"you said bye")]
        start = [(0x80 | TEXT, b"Welcome"), (0x80 | TEXT, b"Hello"), (TEXT, b"b")]
        expect("frames", start + close, [await raw.frame() for _ in range(4)])
        raw.writer.write(frame(0x80 | CLOSE, (1000).to_bytes(2, "big")))
        expect("after the Close", [], await raw.frames())


async def an_unmasked_frame():
    async with Raw() as raw:
        await raw.open()
        raw.writer.write(b"\x81\x01x" + b"\0" * 100_000)
        expect("frames", [(0x80 | CLOSE, (1002).to_bytes(2, "big"))], await raw.frames())
        # A reset could take the Close from a client that is still sending.
        for _ in range(5):
            raw.writer.write(b"\0" * 1000)
            await raw.writer.drain()
            await asyncio.sleep(0.01)


async def a_malformed_request():
    async with Raw() as raw:
        raw.writer.write(b"GET / HTTP/1.1\r\n\r\n")
        expect("status", b"HTTP/1.1 400 Bad Request", await raw.head())
        expect("text", b"Host is missing\n", await raw.reader.read())


async def a_request_that_is_never_complete():
    async with Raw() as raw:
        raw.writer.write(REQUEST[:-1])
        expect("status", b"HTTP/1.1 408 Request Timeout", await raw.head())
        expect("after the head", b"", await raw.reader.read())


async def a_client_that_does_not_answer_the_close():
    async with Raw() as raw:
        await raw.open()
        raw.writer.write(frame(0x80 | TEXT, b"bye"))
        close = 0x80 | CLOSE, (1000).to_bytes(2, "big") + b"you said bye"
        expect("frames", [close], await raw.frames())


async def a_client_that_does_not_read():
    loop = asyncio.get_running_loop()
    with socket.socket() as it:
        it.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        it.setblocking(False)
        await loop.sock_connect(it, (address.hostname, address.port))
        await loop.sock_sendall(it, REQUEST)
        try:
            while True:
                await loop.sock_sendall(it, frame(0x80 | BINARY, b"x" * 125) * 100)
        except (ConnectionResetError, BrokenPipeError):
            pass


SLOW = [
    a_request_that_is_never_complete,
    a_client_that_does_not_answer_the_close,
    a_client_that_does_not_read,
]


async def play(session):
    try:
        await session()
    except Exception as error:
        expect(session.__name__, "no error", f"{type(error).__name__}: {error}")
    print(session.__name__.replace("_", " "), flush=True)


def give_up():
    print(f"timeout: expected an end within {OVERALL_SECONDS} s", flush=True)
    os._exit(1)


async def main():
    timer = threading.Timer(OVERALL_SECONDS, give_up)
    timer.daemon = True
    timer.start()
    slow = [asyncio.create_task(play(session)) for session in SLOW]
    for session in (
        greeting_echoes_and_close,
        two_hundred_kilobytes_in_pieces,
        pushes,
        two_clients_at_once,
        pages,
        bye,
        what_is_not_bye,
        one_byte_at_a_time,
        an_unmasked_frame,
        a_malformed_request,
    ):
        await play(session)
    await asyncio.gather(*slow)
    print("ok")


asyncio.run(main())
