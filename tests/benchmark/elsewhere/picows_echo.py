"""An echo by picows on uvloop. It does not validate text.

    python picows_echo.py PORT
"""

import asyncio
import sys

import uvloop
from picows import WSListener, WSMsgType, ws_create_server

LONGEST_MESSAGE = 64 * 1024 * 1024
BACKLOG = 16384


class Echo(WSListener):
    def on_ws_frame(self, transport, frame):
        if frame.msg_type == WSMsgType.CLOSE:
            transport.send_close(frame.get_close_code(), frame.get_close_message())
            transport.disconnect()
        else:
            transport.send(frame.msg_type, frame.get_payload_as_memoryview(), frame.fin)


async def main():
    server = await ws_create_server(
        lambda request: Echo(), "127.0.0.1", int(sys.argv[1]), backlog=BACKLOG, max_frame_size=LONGEST_MESSAGE
    )
    await server.serve_forever()


uvloop.run(main())
