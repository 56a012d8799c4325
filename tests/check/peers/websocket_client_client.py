"""websocket-client, which does not compress. It raises an exception for what is wrong, and leaves it
to the caller to close with the right code, as its own harness for Autobahn does.
"""

import run_cases
import websocket

ECHOED = (websocket.ABNF.OPCODE_TEXT, websocket.ABNF.OPCODE_BINARY)


async def exchange(url, echoes):
    first = None
    status = websocket.STATUS_NORMAL
    connection = websocket.create_connection(url)
    try:
        while True:
            opcode, data = connection.recv_data()
            if opcode == websocket.ABNF.OPCODE_CLOSE:
                return first
            if first is None:
                first = data
            if echoes and opcode in ECHOED:
                connection.send(data, opcode)
    except websocket.WebSocketProtocolException:
        status = websocket.STATUS_PROTOCOL_ERROR
    except websocket.WebSocketPayloadException:
        status = websocket.STATUS_INVALID_PAYLOAD
    finally:
        connection.close(status)


run_cases.main("websocket-client", exchange)
