"""Runs a peer with Autobahn's suite, and with `ws-echo check`."""

import contextlib
import json
import os
import pathlib
import socket
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
# Autobahn's suite, its counterparts of `ws-echo check`, and all cases of that.
AUTOBAHN, COUNTERPARTS, ALL = "autobahn", "ws-echo", "all"
# How long a peer or a suite may take to listen, and a whole run, in seconds.
START, WHOLE = 30, 900


class Broken(Exception):
    """A peer or a suite could not be run."""


class Run:
    """What is installed, and the commands of the peers."""

    def __init__(self, peers, programs, ws_echo):
        self.peers = peers
        self.ws_echo = str(pathlib.Path(ws_echo).resolve())
        self.autobahn = pathlib.Path(os.environ["WS_ECHO_AUTOBAHN"])
        self.programs = {
            "python": os.environ.get("WS_ECHO_PYTHON"),
            "bun": os.environ.get("WS_ECHO_BUN"),
            "chromium": os.environ.get("WS_ECHO_CHROMIUM"),
            "qt5": os.environ.get("WS_ECHO_QMLSCENE5"),
            "qt6": os.environ.get("WS_ECHO_QMLSCENE6"),
            "programs": programs,
            "ws_echo": self.ws_echo,
        }
        self.environment = os.environ | {
            "NODE_PATH": os.environ["WS_ECHO_NODE_MODULES"],
            "PYTHONDONTWRITEBYTECODE": "1",
            "QT_QPA_PLATFORM": "offscreen",
            "QT_QUICK_BACKEND": "software",
        }

    def run(self, suite, peer, report):
        role, name = peer.split("/")
        test = self.test_server if role == "server" else self.test_client
        try:
            test(suite, name, report)
        except subprocess.TimeoutExpired:
            raise Broken(f"{suite} and {peer}: no end within {WHOLE} s")
        if not (report / "index.json").exists():
            raise Broken(f"{suite} has written no report about {peer}: see {report / 'run.log'}")

    def test_server(self, suite, name, report):
        port = free_port()
        command = self.command("servers", name, port=port)
        with self.started(command, report / "peer.log") as server:
            wait_until_it_listens(port, server, name)
            with open(report / "run.log", "w") as log:
                subprocess.run(
                    self.suite_for_server(suite, name, port, report),
                    env=self.suite_environment(suite),
                    stdout=log,
                    stderr=log,
                    timeout=WHOLE,
                )
            if server.poll() is not None:
                print(f"{name} has ended with status {server.returncode}", file=sys.stderr)

    def suite_for_server(self, suite, name, port, report):
        url = f"ws://127.0.0.1:{port}/"
        if suite == AUTOBAHN:
            return self.autobahn_command(report, servers=[{"url": url, "agent": name}])
        return [self.ws_echo, "check", url, *self.options(suite, report)]

    def test_client(self, suite, name, report):
        log = report / "run.log"
        with self.started(self.suite_for_client(suite, report), log, suite) as server:
            address = listening_at(log, server)
            with open(report / "peer.log", "w") as out:
                subprocess.run(
                    self.command("clients", name, address=address),
                    cwd=HERE / "peers",
                    env=self.environment,
                    stdout=out,
                    stderr=out,
                    timeout=WHOLE,
                )
            # A client has gone when it has asked for the report, which is then written.
            wait_for(lambda: (report / "index.json").exists(), server, f"the report of {name}")
            time.sleep(1)

    def suite_for_client(self, suite, report):
        if suite == AUTOBAHN:
            return self.autobahn_command(report)
        address = f"127.0.0.1:{free_port()}"
        return [self.ws_echo, "check", "--listen", address, *self.options(suite, report)]

    def options(self, suite, report):
        files = ["--autobahn", str(report), "--json", str(report / "report.json")]
        if suite == ALL:
            return files
        [cases] = json.loads(index_of(report, AUTOBAHN).read_text()).values()
        return [*files, *(option for case in cases for option in ("--case", case))]

    def autobahn_command(self, report, **more):
        spec = {"outdir": str(report), "cases": ["*"], "exclude-cases": []}
        spec |= {"exclude-agent-cases": {}} | more
        (report / "spec.json").write_text(json.dumps(spec))
        python = self.autobahn / "venv/bin/python"
        return [str(python), "-W", "ignore", str(HERE / "few_messages.py"), str(report / "spec.json")]

    def suite_environment(self, suite):
        return os.environ | ({"PYTHONPATH": str(self.autobahn / "suite")} if suite == AUTOBAHN else {})

    def command(self, role, name, **values):
        values |= {name: path for name, path in self.programs.items() if path}
        try:
            return [part.format(**values) for part in self.peers[role][name]]
        except KeyError as missing:
            raise Broken(f"{name} needs {missing.args[0]}, which is not installed")

    @contextlib.contextmanager
    def started(self, command, log, suite=None):
        """A process in the folder of the peers, killed at the end."""
        environment = self.suite_environment(suite) if suite else self.environment
        with open(log, "w") as out:
            process = subprocess.Popen(
                command, cwd=HERE / "peers", env=environment, stdout=out, stderr=out
            )
            try:
                yield process
            finally:
                process.kill()
                process.wait()


def index_of(report, suite):
    """The same peer's list of results in another suite."""
    return report.parent.parent / suite / report.name / "index.json"


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def wait_for(condition, process, what):
    end = time.monotonic() + START
    while not condition():
        if process.poll() is not None:
            raise Broken(f"{what}: the process has ended with status {process.returncode}")
        if time.monotonic() > end:
            raise Broken(f"{what}: not within {START} s")
        time.sleep(0.05)


def wait_until_it_listens(port, process, name):
    def listens():
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return True
        return False

    wait_for(listens, process, name)


def listening_at(log, process):
    """The address that a suite prints."""
    def address():
        words = log.read_text().split("ws://", 1)
        return words[1].split()[0].rstrip("/") if len(words) == 2 else None

    wait_for(address, process, "the suite")
    return address()
