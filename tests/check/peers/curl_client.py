"""curl, as libcurl in curl_cffi: it does not compress."""

import curl_cffi
import run_cases
from curl_cffi.const import CurlWsFlag


async def exchange(url, echoes):
    first = None
    session = curl_cffi.Session()
    connection = session.ws_connect(url)
    try:
        while True:
            data, flags = connection.recv()
            if flags & CurlWsFlag.CLOSE:
                return first
            if first is None:
                first = data
            if echoes and flags & (CurlWsFlag.TEXT | CurlWsFlag.BINARY):
                connection.send(data, flags & (CurlWsFlag.TEXT | CurlWsFlag.BINARY))
    finally:
        connection.close()


run_cases.main("curl", exchange)
