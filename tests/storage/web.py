"""A server of files on this machine, as good and as bad as those of the world."""

import re
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple


class Request(NamedTuple):
    """What was asked for, and how many bytes were sent."""

    method: str
    path: str
    sent: int


class Web:
    """Files by their names, and what was asked of the server.

    The first folder of a path says how the server behaves: ``ranges``, ``whole`` (ranges are
    ignored), ``endless`` (the size is not told), ``broken`` (the connection ends halfway, also of
    a range), ``cut`` (the same without ranges), ``loop`` (redirected to the same place),
    ``elsewhere`` (another range is sent), ``stalls`` (nothing comes after half of a range),
    ``flaky`` (asked for the same range, it answers 503 twice, then cuts it off, then sends it),
    ``lies`` (the size that it tells is twice as large), or a number, the answer's status.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self.files: dict[str, bytes] = {}
        self.requests: list[Request] = []
        self.asked: Counter[tuple[str, str]] = Counter()
        self.closing = threading.Event()
        self.stamp: Callable[[bytes], dict[str, str]] = lambda _content: {}
        """Returns headers that tell a content from another."""

    def url(self, manner: str, name: str) -> str:
        return f"{self.address}/{manner}/{name}"

    def sent(self) -> int:
        return sum(request.sent for request in self.requests)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    web: Web

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def handle(self) -> None:
        with suppress(ConnectionResetError):  # the client waits no longer
            super().handle()

    def do_HEAD(self) -> None:
        self._answer(b"")

    def do_GET(self) -> None:
        self._answer(None)

    def _answer(self, body: bytes | None) -> None:
        manner, name = re.split("[?#]", self.path)[0].strip("/").split("/", 1)
        content = self.web.files.get(name)
        wanted = self.headers.get("Range", "")
        self.web.asked[name, wanted] += 1
        if manner == "flaky":
            manner = ["503", "503", "broken", "ranges"][min(self.web.asked[name, wanted], 4) - 1]
        if manner.isdigit() or content is None or manner == "loop":
            self.send_response(int(manner) if manner.isdigit() else 404 if content is None else 302)
            self.send_header("Content-Length", "0")
            self.send_header("Location", self.path)
            self.end_headers()
            return
        ranges = re.fullmatch(r"bytes=(\d+)-(\d+)", wanted)
        stamp = self.web.stamp(content)
        if ranges and int(ranges[1]) >= len(content):
            self.send_response(416)
            content = b""
        elif ranges and manner in ("ranges", "broken", "elsewhere", "stalls", "lies"):
            start, end = int(ranges[1]), min(int(ranges[2]) + 1, len(content))
            total = len(content) * (2 if manner == "lies" else 1)
            start -= manner == "elsewhere" and start > 1
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{end - 1}/{total}")
            content = content[start:end]
        else:
            self.send_response(200)
        for name, value in stamp.items():
            self.send_header(name, value)
        self._send(manner, content if body is None else body, len(content))

    def _send(self, manner: str, body: bytes, size: int) -> None:
        if manner == "endless":
            self.send_header("Connection", "close")
            self.close_connection = True
        else:
            self.send_header("Content-Length", str(size))
        self.end_headers()
        if manner in ("broken", "cut", "stalls") and len(body) > 1:
            body = body[: len(body) // 2]
            self.close_connection = True
        self.web.requests.append(Request(self.command, self.path, len(body)))
        try:
            self.wfile.write(body)
            if manner == "stalls":
                self.web.closing.wait()
        except OSError:  # the client needs no more
            self.close_connection = True


@contextmanager
def serving() -> Iterator[Web]:
    """Serve files on the loopback interface."""
    handler = type("Handler", (_Handler,), {})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        handler.web = Web(f"http://127.0.0.1:{server.server_port}")  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield handler.web  # type: ignore[attr-defined]
        handler.web.closing.set()  # type: ignore[attr-defined]
        server.shutdown()
        thread.join()
