#!/usr/bin/env python3
"""Port the fuzzing client and the fuzzing server of autobahntestsuite 25.10.1 (Python 2 only) to Python 3.

    port3.py SDIST OUT

SDIST is the unpacked source package. OUT gets a package `autobahntestsuite` with the cases, both
fuzzers and `wstest3`, their entry point; no TLS, no compression of reports.

Every edit is an exact replacement that has to match a stated number of times, so that another
version fails loudly instead of being ported by half.

In Python 2 a literal is a byte string. The cases are therefore read as latin-1, each character one
byte of the original; the protocol mix-in encodes latin-1 on the way out and decodes it on the way
in. The protocol engine, autobahn 0.10.9, is the one that the suite pins and is not touched.
"""

import pathlib
import re
import shutil
import sys

SDIST = pathlib.Path(sys.argv[1], "autobahntestsuite")
OUT = pathlib.Path(sys.argv[2], "autobahntestsuite")

COMPAT = '''"""Python 2 byte strings as latin-1 str (written by port3.py)."""
import binascii
from autobahn.websocket.utf8validator import Utf8Validator as _Utf8Validator


def tobytes(s):
    return s.encode("latin-1") if isinstance(s, str) else bytes(s)


def tostr(b):
    return b.decode("latin-1") if isinstance(b, (bytes, bytearray)) else b


def b2a_hex(data):
    return binascii.b2a_hex(tobytes(data)).decode("ascii")


class Utf8Validator(object):
    def __init__(self):
        self._validator = _Utf8Validator()

    def reset(self):
        self._validator.reset()

    def validate(self, s):
        return self._validator.validate(tobytes(s))
'''

BYTES_AT_THE_BOUNDARY = '''   ## port3: Python 2 byte strings are latin-1 str in the cases
   ##
   def sendFrame(self, opcode, payload = b'', fin = True, rsv = 0, mask = None, payload_len = None, chopsize = None, sync = False):
      payload = tobytes(payload)
      if payload_len is not None:
         ## autobahn 0.10.9 does range(payload_len / len(payload)), a float on Python 3
         payload = (payload * (payload_len // len(payload) + 1))[:payload_len]
      WebSocketProtocol.sendFrame(self, opcode, payload, fin, rsv, mask, None, chopsize, sync)

   def sendMessage(self, payload, isBinary = False, fragmentSize = None, sync = False, doNotCompress = False):
      WebSocketProtocol.sendMessage(self, tobytes(payload), isBinary, fragmentSize, sync, doNotCompress)

   def sendMessageFrameData(self, payload, sync = False):
      return WebSocketProtocol.sendMessageFrameData(self, tobytes(payload), sync)

   def sendCloseFrame(self, code = None, reasonUtf8 = None, isReply = False):
      WebSocketProtocol.sendCloseFrame(self, code, None if reasonUtf8 is None else tobytes(reasonUtf8), isReply)

'''

ENTRY = '''"""python -m autobahntestsuite.wstest3 SPEC.json (written by port3.py)

Where SPEC names no servers, it is one: it says where it listens, and ends with the last report.
"""
import json, socket, sys
import txaio
txaio.use_twisted()
from twisted.internet import reactor
from . import fuzzing

with open(sys.argv[1]) as file:
    spec = json.load(file)
if "servers" in spec:
    fuzzing.startClient(spec)
else:
    listener = socket.create_server(("127.0.0.1", 0))
    spec["url"] = "ws://127.0.0.1:%d" % listener.getsockname()[1]
    listener.setblocking(False)
    factory = fuzzing.FuzzingServerFactory(spec)
    reactor.adoptStreamPort(listener.fileno(), socket.AF_INET, factory)
    print("listening on " + spec["url"], flush = True)
reactor.run()
'''


class Source:
    """The text of one file of the suite, on its way to Python 3."""

    def __init__(self, name):
        self.name = name
        self.text = (SDIST / name).read_bytes().decode("latin-1").replace("\r\n", "\n")

    def replace(self, old, new, times=1):
        found = self.text.count(old)
        if found != times:
            sys.exit(f"port3: {self.name}: {old!r} found {found} times, expected {times}")
        self.text = self.text.replace(old, new)

    def sub(self, pattern, new, **options):
        self.text = re.sub(pattern, new, self.text, flags=re.M, **options)

    def cut_from(self, marker):
        self.text = self.text[: self.text.index(marker)]

    def syntax(self):
        self.sub(r"\A# coding=utf-8\n", "")
        self.sub(r"^(\s*)print[ \t]+(?!\()(.*)$", r"\1print(\2)")
        self.sub(r"^(\s*)print$", r"\1print()")
        self.sub(r"\bxrange\(", "range(")
        self.sub(r"([\w.\[\]\"']+)\.has_key\(([^()]*)\)", r"(\2 in \1)")

    def write(self):
        write(self.name, self.text)


def write(name, text):
    (OUT / name).write_text(text, encoding="utf-8", newline="\n")


def port_case(name):
    case = Source(f"case/{name}")
    case.syntax()
    case.sub(r"^from (case\d\w*|case) import", r"from .\1 import")
    case.sub(r"\(object, Case, \)", "(Case, )")
    case.sub(r"autobahn\.websocket\.utf8validator import", "..compat import")
    case.sub(r"binascii\.b2a_hex\(", "b2a_hex(")
    if name == "__init__.py":
        # In no list of cases upstream, and it does not load on Python 3.
        case.replace("from .case9_9_1 import *\n", "")
    elif name == "case.py":
        case.replace("return pickle.dumps(obj1) == pickle.dumps(obj2)", "return obj1 == obj2")
    elif name == "case10_1_1.py":
        case.replace("/ self.p.autoFragmentSize", "// self.p.autoFragmentSize")
    elif name == "case12_x_x.py":
        case.replace("import copy, os, pkg_resources, hashlib, binascii", "import copy, os, hashlib, binascii")
        case.sub(
            r'pkg_resources\.resource_filename\("autobahntestsuite", ("testdata/%s" % .*)\)$',
            r"os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), \1)",
        )
    if "b2a_hex(" in case.text:
        case.sub(r"\A", "from ..compat import b2a_hex\n", count=1)
    case.write()


def port_selection():
    caseset = Source("caseset.py")
    caseset.syntax()
    caseset.sub(r"'\\\.'", r"r'\\.'")
    caseset.write()


def port_style_sheets():
    report = Source("report.py")
    report.cut_from("REPORT_DIR_PERMISSIONS")
    report.replace("import jinja2\nimport os\nimport sys\n", "")
    report.write()


def port_client():
    client = Source("fuzzing.py")
    client.syntax()
    client.cut_from("def startServer(spec, webport")
    client.replace("__all__ = ['startClient', 'startServer', 'WS_COMPRESSION_TESTDATA']", "__all__ = ['startClient']")
    client.replace(
        "import os, json, binascii, time, textwrap, pkg_resources\n",
        "import os, json, time, textwrap\nfrom .compat import b2a_hex, tobytes, tostr\n",
    )
    client.replace("from twisted.internet import reactor, ssl\n", "from twisted.internet import reactor\n")
    client.replace("from twisted.web.server import Site\nfrom twisted.web.static import File\n", "")
    client.sub(r"^from (case|caseset|report) import", r"from .\1 import")
    client.sub(r"binascii\.b2a_hex\(", "b2a_hex(")
    client.replace('   ellipses = " ..."\n   try:\n      if len(data)', '   ellipses = b" ..."\n   data = tobytes(data)\n   try:\n      if len(data)')
    client.replace("p = ''.join(payload)", "p = b''.join(payload)")
    client.replace("   def enableWirelog(self, enable):\n", BYTES_AT_THE_BOUNDARY + "   def enableWirelog(self, enable):\n")
    client.replace("self.runCase.onPong(payload)", "self.runCase.onPong(tostr(payload))")
    # 12.* and 13.* hash and decode the bytes themselves.
    client.replace(
        "self.runCase.onMessage(msg, binary)",
        "self.runCase.onMessage(msg if hasattr(self.runCase, 'TESTDATA') else tostr(msg), binary)",
    )
    client.replace("indent = 3, separators = (',', ': '))", "indent = 3, separators = (',', ': '), default = tostr)", 2)
    client.replace("open(os.path.join(outdir, report_filename), 'w')", "open(os.path.join(outdir, report_filename), 'w', encoding = 'utf-8')", 4)
    client.replace('(c[0], case[c[0]], c[1])).encode("utf-8"))', "(c[0], case[c[0]], c[1])))")
    client.replace("ll.encode('utf8')", "ll")
    # TLS would ask for pyOpenSSL and cryptography.
    client.replace("ssl.optionsForClientTLS(hostname)", "None")
    client.replace("ssl.ClientContextFactory()", "None")
    client.write()


shutil.rmtree(OUT, ignore_errors=True)
(OUT / "case").mkdir(parents=True)
shutil.copytree(SDIST / "testdata", OUT / "testdata")
write("compat.py", COMPAT)
write("wstest3.py", ENTRY)
Source("_version.py").write()
write("__init__.py", "from ._version import __version__\nversion = __version__\n")
for path in sorted((SDIST / "case").glob("*.py")):
    if path.name != "case9_9_1.py":
        port_case(path.name)
port_selection()
port_style_sheets()
port_client()
