"""websocket-client, which does not compress, as it is."""

import run_cases
import websocket


async def exchange(url, echoes):
    first = None
    connection = websocket.create_connection(url)
    try:
        while True:
            opcode, data = connection.recv_data()
            if opcode == websocket.ABNF.OPCODE_CLOSE:
                return first
            if first is None:
                first = data
            if echoes:
                connection.send(data, opcode)
    finally:
        connection.close()


run_cases.main("websocket-client", exchange)
