"""diff2html, which the review page is measured against: installed by npm, served on loopback."""

import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

HERE = Path(__file__).parent / "diff2html"
FOLDER = Path(__file__).parents[1] / ".dev" / "diff2html"
_MANIFESTS = ("package.json", "package-lock.json")
_BUNDLES = Path("node_modules/diff2html/bundles")

_PAGE = """\
<!doctype html>
<meta charset="utf-8">
<link rel="stylesheet" href="/diff2html.css">
<body><div id="place"></div>
<script src="/diff2html.js"></script>
<script>
window.settled = (async () => {
  const text = await (await fetch("/diff")).text();
  const options = { outputFormat: "line-by-line", drawFileList: true, highlight: HIGHLIGHT };
  const shown = new Diff2HtmlUI(document.getElementById("place"), text, options);
  shown.draw();
  if (options.highlight) shown.highlightCode();
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  return performance.now();
})();
</script>
"""


class NotInstalled(Exception):
    """diff2html cannot be had here; the message says why."""


def install() -> Path:
    """The folder with its bundles, installed unless it is there. Raises NotInstalled."""
    bundles = FOLDER / _BUNDLES
    stamp = FOLDER / "installed"
    wanted = "".join((HERE / name).read_text(encoding="utf-8") for name in _MANIFESTS)
    if bundles.is_dir() and stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted:
        return bundles
    npm = shutil.which("npm")
    if npm is None:
        raise NotInstalled("npm is not here, so diff2html cannot be installed")
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in _MANIFESTS:
        shutil.copyfile(HERE / name, FOLDER / name)
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    done = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NotInstalled(f"npm ci failed: {done.stderr.strip()[:300]}")
    stamp.write_text(wanted, encoding="utf-8")
    return bundles


@contextmanager
def rival(bundles: Path, diff: bytes) -> Iterator[str]:
    """The address of a page that shows `diff`: `/` plain, `/highlight` with its colours."""
    files = {
        "/": ("text/html", _PAGE.replace("HIGHLIGHT", "false").encode()),
        "/highlight": ("text/html", _PAGE.replace("HIGHLIGHT", "true").encode()),
        "/diff": ("text/plain", diff),
        "/diff2html.js": ("text/javascript", (bundles / "js/diff2html-ui.min.js").read_bytes()),
        "/diff2html.css": ("text/css", (bundles / "css/diff2html.min.css").read_bytes()),
    }

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            kind, body = files.get(self.path, ("text/plain", b""))
            self.send_response(200)
            self.send_header("content-type", f"{kind}; charset=utf-8")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, name="diff2html")
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
