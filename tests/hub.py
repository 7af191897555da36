"""A small model hub on 127.0.0.1: serves real folders the way huggingface.co does, and counts what was asked of it."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@dataclass
class Hub:
    """Repositories by id; ``gated`` ones answer 403. ``requests`` keeps method, path and bytes sent of each answer."""

    folders: dict[str, Path] = field(default_factory=dict)
    gated: set[str] = field(default_factory=set)
    broken: bool = False  # every answer is an internal error
    requests: list[tuple[str, str, int]] = field(default_factory=list)
    server: ThreadingHTTPServer | None = None
    stopped: bool = False

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def sent(self, ending: str) -> int:
        """Bytes sent of files whose path ends so."""
        return sum(count for method, path, count in self.requests if path.endswith(ending) and method == "GET")

    def start(self) -> Hub:
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), lambda *arguments: Answer(self, *arguments))
        threading.Thread(target=self.server.serve_forever, kwargs=dict(poll_interval=0.02), daemon=True).start()
        return self

    def stop(self) -> None:
        """Closes the port: from now on nobody answers."""
        self.stopped = True
        self.server.shutdown()
        self.server.server_close()


class Answer(BaseHTTPRequestHandler):
    def __init__(self, hub: Hub, *arguments) -> None:
        self.hub = hub
        super().__init__(*arguments)

    def log_message(self, *_) -> None:
        pass

    def do_HEAD(self) -> None:
        self.answer()

    def do_GET(self) -> None:
        self.answer()

    def answer(self) -> None:
        path = unquote(urlsplit(self.path).path)
        if self.hub.broken:
            return self.reply(500, b"")
        if found := re.fullmatch(r"/api/models/(.+?)(?:/revision/[^/]+)?(/tree/[^/]+/?)?", path):
            repository, listing = found.groups()
            if repository not in self.hub.folders:
                return self.reply(404, b"", {"X-Error-Code": "RepoNotFound"})
            folder = self.hub.folders[repository]
            return self.reply(200, json.dumps(tree(folder) if listing else about(repository, folder)).encode())
        if found := re.fullmatch(r"/(.+?)/resolve/[^/]+/(.+)", path):
            repository, name = found.groups()
            if repository not in self.hub.folders:
                return self.reply(404, b"", {"X-Error-Code": "RepoNotFound"})
            if repository in self.hub.gated:
                return self.reply(403, b"", {"X-Error-Code": "GatedRepo"})
            file = self.hub.folders[repository] / name
            if not file.is_file():
                return self.reply(404, b"", {"X-Error-Code": "EntryNotFound"})
            return self.file(file.read_bytes())
        return self.reply(404, b"")

    def file(self, content: bytes) -> None:
        headers = {"ETag": f'"{hashlib.sha1(content).hexdigest()}"', "X-Repo-Commit": COMMIT, "Accept-Ranges": "bytes"}
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if not asked:
            return self.reply(200, content, headers)
        first, last = int(asked[1]), min(int(asked[2] or len(content)), len(content) - 1)
        self.reply(206, content[first : last + 1], headers | {"Content-Range": f"bytes {first}-{last}/{len(content)}"})

    def reply(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        sends = body if self.command == "GET" else b""
        self.hub.requests.append((self.command, urlsplit(self.path).path, len(sends)))  # before the asker can go on
        self.end_headers()
        self.wfile.write(sends)


def about(repository: str, folder: Path) -> dict:
    files = [{"rfilename": each["path"]} for each in tree(folder)]
    return {"id": repository, "modelId": repository, "sha": COMMIT, "private": False, "siblings": files}


def tree(folder: Path) -> list[dict]:
    """Every file with its size and a name for its content."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    contents = {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}
    return [{"type": "file", "path": path, "size": len(held), "oid": hashlib.sha1(held).hexdigest()} for path, held in contents.items()]
