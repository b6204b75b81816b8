"""A bucket of its own kind: as much of the S3 API as the service uses, over HTTP."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

NAMESPACE = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'


class Bucket(ThreadingHTTPServer):
    """Keeps objects by `/bucket/key`, and what it was asked; `status` other than 200 refuses."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.objects: dict[str, bytes] = {}
        self.stored_at: dict[str, datetime] = {}
        self.parts: dict[int, bytes] = {}
        self.asked: list[str] = []
        self.status = 200

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def keep(self, path: str, content: bytes) -> None:
        self.objects[path] = content
        self.stored_at[path] = datetime.now(UTC)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Bucket

    def _answer(self, body: str | bytes = b"", status: int = 200, **headers: str) -> None:
        content = body.encode() if isinstance(body, str) else body
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _begin(self) -> tuple[str, dict[str, list[str]], bytes] | None:
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        query = parse_qs(parts.query, keep_blank_values=True)
        asked = {"partNumber", "uploads", "list-type"} & set(query)
        self.server.asked.append(" ".join([self.command, *sorted(asked)]))
        if self.server.status != 200:
            self._answer("<Error><Code>Broken</Code></Error>", self.server.status)
            return None
        return unquote(parts.path), query, body

    def do_PUT(self) -> None:
        if begun := self._begin():
            path, query, body = begun
            if "partNumber" in query:
                self.server.parts[int(query["partNumber"][0])] = body
            else:
                self.server.keep(path, body)
            self._answer(ETag='"etag"')

    def do_POST(self) -> None:
        if begun := self._begin():
            path, query, _ = begun
            if "uploads" in query:
                self.server.parts.clear()
                upload = "<UploadId>1</UploadId>"
                self._answer(
                    f"<InitiateMultipartUploadResult>{upload}</InitiateMultipartUploadResult>"
                )
            else:
                parts = self.server.parts
                self.server.keep(path, b"".join(parts[number] for number in sorted(parts)))
                self._answer("<CompleteMultipartUploadResult/>")

    def do_GET(self) -> None:
        if begun := self._begin():
            path, query, _ = begun
            if "list-type" in query:
                self._answer(self._listing(path, query["prefix"][0]))
            elif path in self.server.objects:
                self._answer(self.server.objects[path])
            else:
                self._answer("<Error><Code>NoSuchKey</Code></Error>", 404)

    def do_DELETE(self) -> None:
        if begun := self._begin():
            self.server.objects.pop(begun[0], None)
            self._answer(status=204)

    def _listing(self, path: str, prefix: str) -> str:
        bucket = path.rstrip("/") + "/"
        found = "".join(
            f"<Contents><Key>{escape(each.removeprefix(bucket))}</Key>"
            f"<LastModified>{self.server.stored_at[each]:%Y-%m-%dT%H:%M:%S.000Z}</LastModified>"
            "</Contents>"
            for each in self.server.objects
            if each.startswith(bucket + prefix)
        )
        return f"<ListBucketResult {NAMESPACE}>{found}</ListBucketResult>"

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def serving() -> Iterator[Bucket]:
    """A bucket that answers until the end of the block."""
    server = Bucket()
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
