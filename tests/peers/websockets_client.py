#!/usr/bin/env python3
"""Sessions of python `websockets` (PyPI) with the echo server.

    websockets_client.py URL [OFFER]

The server at URL greets with WELCOME and echoes every message. OFFER names the compression of
OFFERS that the client offers and the server accepts. Prints the name of each session, and `ok` at
the end. If an answer is wrong, prints the expected and the actual one and exits with status 1.
"""

import asyncio
import contextlib
import os
import random
import sys
import threading

from websockets.exceptions import ConnectionClosed
from websockets.asyncio.client import connect
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory as Deflate

WELCOME = "Welcome to Awesome Chat"
OVERALL_SECONDS = 60
ANSWER_SECONDS = 20
KIB, MIB = 1 << 10, 1 << 20
# 10 bytes in 5 characters, of 1, 2, 3 and 4 bytes each.
TEXT_UNIT = "aß水\U0001f980"
TEXT_OF_1_MIB = TEXT_UNIT * (MIB // 10) + "\U0001f980ß"

# The size of the window of each side in bits, and whether it is kept between messages.
OFFERS = {
    "none": None,
    "kept": (15, True),
    "fresh": (15, False),
    "9-bits": (9, True),
    "9-bits-fresh": (9, False),
}

url, *offers = sys.argv[1:]
compression = OFFERS[offers[0] if offers else "none"]


def show(value):
    if isinstance(value, (str, bytes)) and len(value) > 80:
        return f"{value[:60]!r}... ({type(value).__name__} of {len(value)})"
    return repr(value)


def first_difference(expected, actual):
    pairs = enumerate(zip(expected, actual))
    return next((at for at, (a, b) in pairs if a != b), min(len(expected), len(actual)))


def expect(what, expected, actual):
    if type(actual) is type(expected) and actual == expected:
        return
    print(f"{what}: expected {show(expected)}\n{what}: got      {show(actual)}")
    if type(actual) is type(expected) and isinstance(expected, (str, bytes)):
        print(f"{what}: they differ at {first_difference(expected, actual)}")
    sys.exit(1)


async def answer(ws):
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            return await ws.recv()
    except (TimeoutError, ConnectionClosed) as error:
        return error


def extensions():
    if compression is None:
        return []
    bits, is_kept = compression
    limit = bits if bits < 15 else None
    offer = Deflate(
        server_no_context_takeover=not is_kept,
        client_no_context_takeover=not is_kept,
        server_max_window_bits=limit,
        client_max_window_bits=limit or True,
    )
    return [offer]


def agreed(ws):
    """The compression of each side that the server has accepted."""
    return [
        side
        for it in ws.protocol.extensions
        for side in [
            (it.local_max_window_bits, not it.local_no_context_takeover),
            (it.remote_max_window_bits, not it.remote_no_context_takeover),
        ]
    ]


@contextlib.asynccontextmanager
async def client(**options):
    options |= {"compression": None, "extensions": extensions()}
    # The client must read while it sends: the echo of a long message begins before its end.
    options |= {"max_size": None, "max_queue": None, "proxy": None}
    async with connect(url, **options) as ws:
        expect("compression", [compression] * 2 if compression else [], agreed(ws))
        expect("greeting", WELCOME, await answer(ws))
        yield ws


async def expect_echo(what, ws, message):
    await ws.send(message)
    expect(what, message, await answer(ws))


async def expect_nothing_more(what, ws):
    """A Pong arrives after everything that the server still had to send."""
    if not await is_answered(await ws.ping()):
        expect(what, "a pong", "none")
    try:
        async with asyncio.timeout(0):
            expect(what, "nothing more", await ws.recv())
    except TimeoutError:
        pass


async def is_answered(pong):
    done, _ = await asyncio.wait([pong], timeout=ANSWER_SECONDS)
    return bool(done)


def pattern(size):
    """Bytes with a period of 65,537, so that a misplaced piece is found whatever the buffers' lengths."""
    unit = random.Random(0).randbytes(65_537)
    return (unit * (size // len(unit) + 1))[:size]


async def greeting():
    async with client() as ws:
        await expect_nothing_more("after the greeting", ws)


async def text():
    async with client() as ws:
        await expect_echo("text", ws, "héllo\n\0\ufeff 水 \U0001f980")
        await expect_echo("empty text", ws, "")
        await expect_echo("1 MiB of text", ws, TEXT_OF_1_MIB)
        await expect_nothing_more("after the texts", ws)


async def binary():
    async with client() as ws:
        await expect_echo("binary", ws, bytes(range(256)))
        await expect_echo("empty binary", ws, b"")
        for size in (125, 126, 65_535, 65_536, MIB, 16 * MIB):
            await expect_echo(f"{size} bytes", ws, pattern(size))
        await expect_nothing_more("after the binaries", ws)


async def fragments_with_a_ping_between():
    pongs = []

    async def fragments():
        yield "one "
        pongs.append(await ws.ping(b"between"))
        yield "two "
        yield ""
        yield "three"

    async with client() as ws:
        await ws.send(fragments())
        expect("fragments", "one two three", await answer(ws))
        expect("pong between fragments", True, await is_answered(pongs[0]))


async def ping():
    """`websockets` accepts a Pong only for the Ping with the same payload."""
    async with client() as ws:
        for payload in (b"payload", b"", b"x" * 125):
            expect(f"pong with {payload}", True, await is_answered(await ws.ping(payload)))


async def burst_of_text():
    await expect_burst([f"message {i}" for i in range(1000)])


async def burst_of_text_and_binary():
    await expect_burst([b"%d" % i * (i % 100) if i % 3 else f"{i}ß" * (i % 50) for i in range(1000)])


async def expect_burst(messages):
    async with client() as ws:
        for message in messages:
            await ws.send(message)
        for number, message in enumerate(messages):
            expect(f"message {number} of 1000", message, await answer(ws))
        await expect_nothing_more("after the burst", ws)


async def close():
    for code, reason in ((1000, ""), (3000, "three"), (4999, "four ß")):
        async with client() as ws:
            await ws.close(code, reason)
            received = ws.protocol.close_rcvd
            expect(f"close {code}", code, received and int(received.code))


async def subprotocol():
    async with client(subprotocols=["chat", "superchat"]) as ws:
        expect("subprotocol", None, ws.subprotocol)


async def the_same_again():
    """A message that the window still holds is sent as a few bytes that refer to it."""
    _, is_kept = compression
    text = random.Random(0).randbytes(100).hex()
    async with client() as ws:
        [extension] = ws.protocol.extensions
        encode, lengths = extension.encode, []

        def measure(frame):
            encoded = encode(frame)
            lengths.append(len(encoded.data))
            return encoded

        extension.encode = measure
        for _ in range(10):
            await expect_echo("the same again", ws, text)
        first, *others = lengths
        expect("short again", [is_kept] * 9, [length < first / 5 for length in others])
        await expect_nothing_more("after the same", ws)


async def plain_between():
    """Messages that are not compressed, between compressed ones that refer to one another."""
    text = random.Random(1).randbytes(100).hex()
    async with client() as ws:
        [extension] = ws.protocol.extensions
        encode = extension.encode
        for number in range(10):
            extension.encode = encode
            await expect_echo("compressed", ws, f"{number}{text}")
            extension.encode = lambda frame: frame
            await expect_echo("plain", ws, f"{text}{number}")
            await expect_echo("plain binary", ws, text.encode())
        extension.encode = encode
        await expect_nothing_more("after plain ones", ws)


with_compression = [the_same_again, plain_between]


def give_up():
    print(f"timeout: expected an end within {OVERALL_SECONDS} s", flush=True)
    os._exit(1)


async def main():
    timer = threading.Timer(OVERALL_SECONDS, give_up)
    timer.daemon = True
    timer.start()
    for session in (
        greeting,
        text,
        binary,
        fragments_with_a_ping_between,
        ping,
        burst_of_text,
        burst_of_text_and_binary,
        close,
        subprotocol,
        *(with_compression if compression else []),
    ):
        print(session.__name__.replace("_", " "), flush=True)
        try:
            await session()
        except Exception as error:
            expect(session.__name__, "no error", f"{type(error).__name__}: {error}")
    print("ok")


asyncio.run(main())
