import contextlib
import errno
import gc
import gzip
import hashlib
import multiprocessing
import os
import re
import shutil
import socket
import struct
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import pytest
import tqdm

from activations.truth import SETS, DataMissingError, DataUnusableError
from activations.truth import fetch as module
from activations.truth.fetch import SIZE, SOURCE, TIMEOUT, FetchError, fetch, registry, verify

CONTENTS = {
    "acts/m/cities/layer_12_0.pt": bytes(range(256)) * 800,
    "acts/m/cities/layer_12_25.pt": b"second" * 30_000,
    "acts/m/neg_cities/layer_12_0.pt": b"third" * 10,
    "datasets/cities.csv": "statement,label\nÁvila,1\n".encode() * 50,
    "datasets/neg_cities.csv": b"",
}
FILES = {path: hashlib.sha256(content).hexdigest() for path, content in CONTENTS.items()}
TOTAL = sum(map(len, CONTENTS.values()))
FIRST, SECOND, THIRD, TABLE, EMPTY = FILES


class Remote(ThreadingHTTPServer):
    """Plays the course's repository; `plan` says which requests it answers badly, and how."""

    # Closing the server waits for its threads: a connection that a client leaves open shows.
    daemon_threads = False

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.plan, self.asked, self.connections, self.over = {}, [], set(), threading.Event()
        self.url = f"http://127.0.0.1:{self.server_port}/course/"

    def handle_error(self, request, client_address):
        # A client that gives up is what some tests are about.
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 10

    def log_message(self, *_):
        pass

    def send(self, content, status=200, length=None, **headers):
        self.send_response(status)
        self.send_header("Content-Length", str(len(content) if length is None else length))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(content)

    def do_GET(self):
        path = self.path.removeprefix("/course/")
        content = CONTENTS[path]
        self.server.asked.append(path)
        self.server.connections.add(self.client_address)
        planned = self.server.plan.get(path, [])
        match planned.pop(0) if planned else "good":
            case "good":
                self.send(content)
            case "zipped":
                self.send(gzip.compress(content), Content_Encoding="gzip")
            case "slow":
                self.send(b"", length=len(content))
                for start in range(0, len(content), 50_000):
                    self.wfile.write(content[start : start + 50_000])
                    self.wfile.flush()
                    self.server.over.wait(0.1)
            case "cut off":
                self.send(content[:-7], length=len(content))
                self.close_connection = True
            case "stalled":
                self.send(content[:100], length=len(content))
                self.server.over.wait(10)
            case "silent":
                self.server.over.wait(10)
                self.close_connection = True
            case "portal":
                self.send(b"<html>Please log in</html>", Content_Type="text/html")
            case "altered":
                self.send(bytes([content[0] ^ 1]) + content[1:])
            case "endless":
                self.send(content + b"0" * TOTAL)
            case "hung up":
                self.close_connection = True
            case "redirected in a circle":
                self.send(b"", 302, Location=self.path)
            case "redirected to a file":
                self.send(b"", 302, Location="file:///etc/hostname")
            case "not zipped":
                self.send(content, Content_Encoding="gzip")
            case "nothing":
                self.send(b"")
            case "reset":
                self.send(content[:100], length=len(content))
                # Without lingering, closing a connection resets it.
                self.connection.setsockopt(
                    socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
                )
                self.close_connection = True
                self.rfile.close()
                self.connection.close()
            case "no HTTP":
                self.wfile.write(b"220 mail.example ready\r\n")
                self.close_connection = True
            case "chunk cut off":
                self.send_response(200)
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                self.wfile.write(b"10\r\nabc")
                self.close_connection = True
            case int(status):
                self.send(b"sorry", status)
            case threading.Event() as event:
                event.wait(10)
                self.send(content)


@pytest.fixture
def remote(monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setattr("pooch.core.time", SimpleNamespace(sleep=lambda _: None))
    server = Remote()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield server
    # urllib3 closes the connections of a pool when the pool is collected, and an error in a
    # traceback may hold on to one.
    gc.collect()
    server.over.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module", autouse=True)
def quick_collections():
    """Do not look through all that was imported whenever a test collects its garbage."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture(autouse=True)
def nothing_leaks():
    before = set(threading.enumerate())
    yield
    deadline = time.monotonic() + 5
    while left := [t for t in set(threading.enumerate()) - before if t.name != "tqdm_monitor"]:
        assert time.monotonic() < deadline, left
        time.sleep(0.01)
    # A socket or file that nobody closed warns when it is collected, and warnings are errors.
    gc.collect()


@pytest.fixture
def target(tmp_path):
    return tmp_path / "data" / "lie_detection"


def staging(target):
    return target.with_name("lie_detection.part")


def get(remote, target, **options):
    options = {"timeout": (2, 0.4), "files": FILES, "size": TOTAL, **options}
    return fetch(target, base_url=remote.url, **options)


def write(folder, contents=CONTENTS):
    for path, content in contents.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return folder


def state(folder):
    return {
        path.relative_to(folder).as_posix(): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.is_file()
    }


def contents(folder):
    return {path: content for path, (content, _) in state(folder).items()}


# The registry


def test_the_registry_names_every_file_of_the_archive():
    rows = {"cities": 1496, "neg_cities": 1496, "sp_en_trans": 354, "neg_sp_en_trans": 354}
    assert set(rows) == set(SETS)
    chunks = {
        f"acts/Llama3/8B/chat/{name}/layer_12_{start}.pt"
        for name, n in rows.items()
        for start in range(0, n, 25)
    }
    lines = (module.data_folder() / "registry.txt").read_text(encoding="utf-8").splitlines()
    assert lines == sorted(lines)
    assert len(lines) == 154
    assert set(registry()) == chunks | {f"datasets/{name}.csv" for name in rows}
    assert len(set(registry().values())) == 154
    assert SOURCE.startswith("https://")
    assert TIMEOUT[0] == 5


def test_the_archive_is_as_registered():
    named = os.environ.get("ACTIVATIONS_DATA") or module.data_folder() / "lie_detection"
    if not (Path(named) / "acts").is_dir():
        pytest.skip("the course's archive is not here; data/README.md says how to get it")
    verify(named)
    assert sum((Path(named) / path).stat().st_size for path in registry()) == SIZE


@pytest.mark.parametrize(
    "line",
    ["a.csv", "a.csv 12", f"../a.csv {'0' * 64}", f"/a.csv {'0' * 64}", f"b.csv {'0' * 64} x", "",
     f"a/../b {'0' * 64}", f"b.csv {'G' * 64}", f"good.csv {'1' * 64}"],
)  # fmt: skip
def test_a_damaged_registry(tmp_path, monkeypatch, line):
    monkeypatch.setattr(module, "data_folder", lambda: tmp_path)
    (tmp_path / "registry.txt").write_text(f"good.csv {'0' * 64}\n{line}\n", encoding="utf-8")
    with pytest.raises(DataUnusableError, match=r"registry\.txt, line 2: .*found .*restore"):
        registry()


def test_a_missing_registry(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "data_folder", lambda: tmp_path)
    with pytest.raises(DataMissingError, match=r"registry\.txt cannot be read"):
        registry()


# Verifying


def test_a_sound_folder_with_strangers_beside_it(tmp_path):
    write(tmp_path)
    (tmp_path / "README.md").write_text("mine")
    (tmp_path / "notes").mkdir()
    (tmp_path / "acts" / "m" / ".DS_Store").write_text("x")
    verify(tmp_path, FILES)
    verify(str(tmp_path), FILES)


@pytest.mark.parametrize("path", FILES)
def test_a_missing_file(tmp_path, path):
    (write(tmp_path) / path).unlink()
    words = rf"1 of 5 files are missing, the first is {re.escape(path)}; .*nox -s data"
    with pytest.raises(DataMissingError, match=words):
        verify(tmp_path, FILES)
    (tmp_path / path).mkdir()
    with pytest.raises(DataMissingError, match=words):
        verify(tmp_path, FILES)


@pytest.mark.parametrize("path", [FIRST, TABLE])
@pytest.mark.parametrize(
    "change",
    [lambda b: b[:-1], lambda b: b + b"0", lambda b: bytes([b[0] ^ 1]) + b[1:], lambda b: b""],
)
def test_an_altered_file(tmp_path, path, change):
    content = change(CONTENTS[path])
    write(tmp_path, {**CONTENTS, path: content})
    before = state(tmp_path)
    with pytest.raises(DataUnusableError) as caught:
        verify(tmp_path, FILES)
    found = hashlib.sha256(content).hexdigest()
    for word in (path, FILES[path], found, "1 of 5", "move the folder away"):
        assert word in str(caught.value)
    assert state(tmp_path) == before


def test_swapped_files(tmp_path):
    write(tmp_path, {**CONTENTS, FIRST: CONTENTS[SECOND], SECOND: CONTENTS[FIRST]})
    with pytest.raises(DataUnusableError, match="2 of 5"):
        verify(tmp_path, FILES)


@pytest.mark.parametrize(
    "extra",
    ["datasets/more.csv", "acts/m/cities/layer_12_7.pt", "acts/m/.hidden", "acts/other/x.pt"],
)
def test_an_additional_file(tmp_path, extra):
    write(tmp_path, {**CONTENTS, extra: b"x"})
    shown = extra.removesuffix("/x.pt")
    with pytest.raises(DataUnusableError, match=rf"1 entries .* {re.escape(shown)}; remove it"):
        verify(tmp_path, FILES)
    assert (tmp_path / extra).exists()


def test_no_folder(tmp_path):
    (tmp_path / "file").write_text("x")
    for name in ("nothing", "file"):
        with pytest.raises(DataMissingError, match=f"{name} is no folder"):
            verify(tmp_path / name, FILES)


def test_a_folder_that_cannot_be_read(tmp_path, monkeypatch):
    def refuse(path):
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(module, "_digest", refuse)
    with pytest.raises(DataMissingError, match=r"cannot be read .*Permission denied.*layer_12_0"):
        verify(write(tmp_path), FILES)


def test_links_are_followed(tmp_path):
    write(tmp_path / "elsewhere")
    (tmp_path / "linked").mkdir()
    for name in ("acts", "datasets"):
        (tmp_path / "linked" / name).symlink_to(tmp_path / "elsewhere" / name)
    verify(tmp_path / "linked", FILES)
    (tmp_path / "elsewhere" / "acts" / "m" / "more").symlink_to(tmp_path)
    with pytest.raises(DataUnusableError, match="acts/m/more"):
        verify(tmp_path / "linked", FILES)


# Fetching


def test_all_is_fetched_once_over_one_connection(remote, target, capfd):
    assert get(remote, target) == target
    assert contents(target) == CONTENTS
    assert sorted(remote.asked) == sorted(FILES)
    assert len(remote.connections) == 1
    assert not staging(target).exists()
    out, err = capfd.readouterr()
    assert out == ""
    assert err.splitlines() == [f"Fetching 5 of 5 files from {remote.url}"]
    (target.parent / "mine").touch()
    assert (target / FIRST).stat().st_mode == (target.parent / "mine").stat().st_mode

    before = state(target)
    assert get(remote, target) == target
    assert len(remote.asked) == 5
    assert state(target) == before
    assert capfd.readouterr().err == ""


def test_a_sound_target_needs_no_remote_and_no_lock(target):
    write(target)
    assert fetch(str(target), base_url="http://nowhere.invalid", files=FILES) == target
    assert sorted(path.name for path in target.parent.iterdir()) == ["lie_detection"]


def test_a_slow_remote_and_one_that_compresses(remote, target):
    remote.plan = {FIRST: ["slow"], SECOND: ["slow"], TABLE: ["zipped"], THIRD: ["zipped"]}
    get(remote, target)
    assert contents(target) == CONTENTS
    assert len(remote.asked) == 5


FAILURES = {
    "cut off": r"cut off after \d+ bytes .*goes on where this run stopped",
    "stalled": r"nothing more came for 0\.4 s, after \d+ bytes",
    "silent": r"nothing more came for 0\.4 s, after 0 bytes",
    "portal": r"SHA-256 \w{64}, found 26 bytes \(text/html\) that have another",
    "altered": r"SHA-256 \w{64}, found 180000 bytes",
    "hung up": "no answer",
    500: "the server answered 500 Internal Server Error",
    503: "the server answered 503",
    404: "the server answered 404 Not Found; data/README.md",
    403: "the server answered 403",
    "endless": f"more than the {TOTAL} bytes",
}
FINAL = (404, 403, "endless")


@pytest.mark.parametrize("failure", FAILURES)
def test_a_failure_is_named_and_the_next_run_goes_on(remote, target, failure):
    remote.plan = {SECOND: [failure] * 3}
    with pytest.raises(FetchError) as caught:
        get(remote, target)
    assert re.search(FAILURES[failure], str(caught.value))
    assert remote.url + SECOND in str(caught.value)
    assert isinstance(caught.value, OSError)
    assert not target.exists()
    assert remote.asked == [FIRST] + [SECOND] * (1 if failure in FINAL else 3)
    # Of a file that did not come as it should, nothing is left.
    assert contents(staging(target)) == {FIRST: CONTENTS[FIRST]}

    remote.plan, remote.asked[:] = {}, []
    get(remote, target)
    assert remote.asked == [SECOND, THIRD, TABLE, EMPTY]
    assert contents(target) == CONTENTS


@pytest.mark.parametrize("failure", [name for name in FAILURES if name not in FINAL])
def test_a_failure_that_passes_is_overcome(remote, target, failure):
    remote.plan = {SECOND: [failure, failure]}
    get(remote, target)
    assert contents(target) == CONTENTS
    assert remote.asked == [FIRST, SECOND, SECOND, SECOND, THIRD, TABLE, EMPTY]


@pytest.mark.parametrize("make", [lambda p: p.write_text("x"), lambda p: p.symlink_to("gone")])
def test_something_else_where_files_are_gathered(remote, target, make):
    target.parent.mkdir()
    make(staging(target))
    with pytest.raises(FetchError, match=r"lie_detection\.part must be a folder, .*remove it"):
        get(remote, target)
    assert os.path.lexists(staging(target))
    assert remote.asked == []


# What a server does wrong that is no failure named above, and what is found of it.
ODDITIES = {
    "redirected in a circle": "Exceeded 30 redirects",
    "redirected to a file": "No connection adapters",
    "not zipped": "failed to decode",
    "nothing": "found 0 bytes",
    "reset": "reset by peer",
    "no HTTP": "no answer",
    "chunk cut off": "cut off after 0 bytes",
}


@pytest.mark.parametrize("oddity", ODDITIES)
def test_an_odd_server(remote, target, oddity):
    remote.plan = {FIRST: [oddity] * 200}
    with pytest.raises(FetchError, match=rf"{FIRST}: .*{ODDITIES[oddity]}"):
        get(remote, target)
    assert not target.exists()
    assert contents(staging(target)) == {}


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def test_nobody_listens(remote, target):
    address = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(FetchError, match=r"127\.0\.0\.1, port \d+, cannot be reached .*refused"):
        fetch(target, base_url=address, files=FILES)
    assert not staging(target).exists()


def test_no_name_service(remote, target, monkeypatch):
    def fail(*_):
        raise socket.gaierror(-3, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    with pytest.raises(FetchError, match=r"remote\.example, port 443, .*name resolution.*network"):
        fetch(target, base_url="https://remote.example/data", files=FILES)


def test_a_name_service_that_does_not_answer(remote, target, monkeypatch):
    over = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_: over.wait(10) and [])
    start = time.monotonic()
    with pytest.raises(FetchError, match=r"no answer within 0\.3 s"):
        fetch(target, base_url="https://remote.example/data", files=FILES, timeout=(0.3, 30))
    assert time.monotonic() - start < 2
    over.set()


def test_an_address_that_does_not_answer_beside_one_that_does(remote, target, monkeypatch):
    over = threading.Event()
    connect, get_address = socket.create_connection, socket.getaddrinfo
    mine = []

    def lose_packets(address, *arguments):
        mine.append(address)
        if address[0] == "192.0.2.1":
            over.wait(10)
            raise TimeoutError("timed out")
        return connect(address, *arguments)

    monkeypatch.setattr(socket, "create_connection", lose_packets)
    lost = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.1", remote.server_port))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: [lost, *get_address(*a, **k)])
    module._reach(remote.url, 5)
    assert ("127.0.0.1", remote.server_port) in mine
    start = time.monotonic()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [lost])
    with pytest.raises(FetchError, match="no answer within"):
        module._reach(remote.url, 0.2)
    assert time.monotonic() - start < 2
    over.set()


@pytest.mark.parametrize("form", ["http://127.0.0.1:{}", "127.0.0.1:{}"])
def test_a_proxy_is_what_must_be_reached(remote, target, monkeypatch, form):
    port = free_port()
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setenv("https_proxy", form.format(port))
    with pytest.raises(FetchError, match=rf"127\.0\.0\.1, port {port}, cannot be reached"):
        module._reach("https://remote.example/", 5)


def test_a_proxy_or_remote_without_a_sound_address(target, monkeypatch):
    for name in ("http_proxy", "no_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    with pytest.raises(ValueError, match=r"base_url is 'http://remote\.example:99999/', .*[Pp]ort"):
        fetch(target, base_url="http://remote.example:99999", files=FILES)
    monkeypatch.setenv("http_proxy", "somewhere:else")
    with pytest.raises(FetchError, match=r"proxy .*no sound address .*variable http_proxy"):
        fetch(target, base_url="http://remote.example", files=FILES)


@pytest.mark.parametrize("address", ["ftp://x/", "", "data/here", "https://", "file:///x"])
def test_addresses_of_another_kind(target, address):
    with pytest.raises(ValueError, match="base_url must be an address of HTTP or HTTPS"):
        fetch(target, base_url=address, files=FILES)


@pytest.mark.parametrize(
    "damage",
    [
        lambda folder: (folder / FIRST).write_bytes(b"altered"),
        lambda folder: (folder / TABLE).unlink(),
        lambda folder: (folder / "datasets" / "more.csv").write_text("x"),
        lambda folder: [shutil.rmtree(folder), folder.mkdir()],
        lambda folder: [shutil.rmtree(folder), folder.write_text("a file")],
        lambda folder: [shutil.rmtree(folder), folder.symlink_to("nowhere")],
    ],
    ids=["altered", "missing", "additional", "empty", "a file", "a link to nothing"],
)
def test_an_unsound_target_is_refused_and_left_alone(remote, target, damage):
    damage(write(target))
    before = state(target)
    with pytest.raises((DataMissingError, DataUnusableError), match="nox -s data") as caught:
        get(remote, target)
    assert not isinstance(caught.value, FetchError)
    assert remote.asked == []
    assert state(target) == before
    assert [path.name for path in target.parent.iterdir()] == ["lie_detection"]


def test_what_an_earlier_run_left(remote, target, capfd):
    write(staging(target), {**CONTENTS, SECOND: b"half a fi"})
    (staging(target) / "acts" / "m" / "tmpab12_x9z").write_bytes(b"pooch was here")
    (staging(target) / THIRD).unlink()
    get(remote, target)
    assert remote.asked == [SECOND, THIRD]
    assert contents(target) == CONTENTS
    told = capfd.readouterr().err
    assert "layer_12_25.pt is not what it must be, and is fetched again" in told
    assert "Fetching 2 of 5 files" in told
    assert "3 are here already" in told


def test_a_complete_staging_folder_only_wants_its_name(target):
    write(staging(target))
    fetch(target, base_url="http://nowhere.invalid/", files=FILES)
    assert contents(target) == CONTENTS


def test_strangers_in_the_staging_folder_are_not_taken_along(remote, target):
    write(staging(target), {"acts/m/mine.txt": b"precious"})
    with pytest.raises(FetchError, match=r"lie_detection\.part: .*mine\.txt; remove it"):
        get(remote, target)
    assert not target.exists()
    assert (staging(target) / "acts/m/mine.txt").read_bytes() == b"precious"
    (staging(target) / "acts/m/mine.txt").unlink()
    get(remote, target)
    assert len(remote.asked) == 5


def test_no_room(remote, target, monkeypatch):
    chmod = Path.chmod

    def full(path, mode):
        if path.name == "layer_12_25.pt":
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        chmod(path, mode)

    monkeypatch.setattr(Path, "chmod", full)
    with pytest.raises(FetchError, match=r"cannot be written .*No space left.*make room"):
        get(remote, target)
    assert not target.exists()


def test_a_target_that_appears_meanwhile_is_not_overwritten(remote, target):
    event = threading.Event()
    remote.plan = {EMPTY: [event]}
    caught = []

    def run():
        try:
            get(remote, target, timeout=(2, 10))
        except OSError as error:
            caught.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    while len(remote.asked) < 5:
        time.sleep(0.01)
    write(target, {"datasets/mine.csv": b"mine"})
    event.set()
    thread.join()
    assert contents(target) == {"datasets/mine.csv": b"mine"}
    assert isinstance(caught[0], FetchError)
    assert contents(staging(target)) == CONTENTS


# Several runs


def test_two_threads_at_once(remote, target, monkeypatch):
    event = threading.Event()
    remote.plan = {SECOND: [event]}
    # To read what is printed while another thread prints may lose some of it.
    told = []
    monkeypatch.setattr(module, "_say", told.append)
    done = []
    threads = [
        threading.Thread(target=lambda: done.append(get(remote, target, timeout=(2, 60))))
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + 50
    waiting = f"{target} is being fetched by another run; waiting for it"
    while waiting not in told and time.monotonic() < deadline:
        time.sleep(0.01)
    assert waiting in told
    assert not target.exists()
    event.set()
    for thread in threads:
        thread.join()
    assert done == [target, target]
    assert remote.asked == list(FILES)
    assert contents(target) == CONTENTS


def in_a_process(url, target, ready):
    ready.wait()
    fetch(target, base_url=url, files=FILES, size=TOTAL)


def test_three_processes_at_once(remote, target):
    context = multiprocessing.get_context("spawn")
    ready = context.Barrier(4)
    processes = [
        context.Process(target=in_a_process, args=(remote.url, target, ready)) for _ in range(3)
    ]
    for process in processes:
        process.start()
    ready.wait(20)
    for process in processes:
        process.join(20)
    assert [process.exitcode for process in processes] == [0, 0, 0]
    assert remote.asked == list(FILES)
    assert contents(target) == CONTENTS


def test_a_run_that_is_killed(remote, target):
    event = threading.Event()
    remote.plan = {SECOND: [event]}
    code = (
        "from activations.truth.fetch import fetch;"
        f"fetch({str(target)!r}, base_url={remote.url!r}, files={FILES!r})"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.DEVNULL)
    while remote.asked != [FIRST, SECOND]:
        time.sleep(0.01)
    process.kill()
    process.wait()
    event.set()
    assert not target.exists()
    assert any(path.name.startswith("tmp") for path in staging(target).rglob("*"))
    get(remote, target)
    assert remote.asked == [FIRST, SECOND, SECOND, THIRD, TABLE, EMPTY]
    assert contents(target) == CONTENTS


def test_an_interrupted_run(remote, target, monkeypatch):
    class Impatient(tqdm.tqdm):
        def update(self, n=1):
            if self.n + n > len(CONTENTS[FIRST]):
                raise KeyboardInterrupt
            return super().update(n)

    monkeypatch.setattr(tqdm, "tqdm", lambda **options: Impatient(**{**options, "disable": False}))
    with pytest.raises(KeyboardInterrupt):
        get(remote, target)
    assert contents(staging(target)) == {FIRST: CONTENTS[FIRST]}
    monkeypatch.undo()
    get(remote, target)
    assert contents(target) == CONTENTS


def test_a_bar_over_all_bytes(remote, target, monkeypatch, capfd):
    bars = []

    class Seen(tqdm.tqdm):
        def __init__(self, **options):
            super().__init__(**{**options, "disable": False})
            bars.append((self, self.total, self.initial))

    monkeypatch.setattr(tqdm, "tqdm", Seen)
    remote.plan = {SECOND: ["cut off", "portal", 404]}
    with pytest.raises(FetchError):
        get(remote, target)
    remote.plan = {SECOND: ["cut off"], TABLE: ["zipped"]}
    get(remote, target)
    (_, total, initial), (bar, total_again, initial_again) = bars
    assert (total, initial) == (TOTAL, 0)
    assert (total_again, initial_again) == (TOTAL, len(CONTENTS[FIRST]))
    assert bar.n == TOTAL
    assert "386k/386k" in capfd.readouterr().err


def test_pooch_is_silent_meanwhile_and_keeps_its_voice(remote, target, caplog):
    import pooch

    logger = pooch.get_logger()
    logger.addHandler(caplog.handler)
    try:
        logger.info("Sit")
        caplog.clear()
        remote.plan = {SECOND: [404]}
        with contextlib.suppress(FetchError):
            get(remote, target)
        assert caplog.messages == []
        logger.info("Woof")
        assert caplog.messages == ["Woof"]
    finally:
        logger.removeHandler(caplog.handler)


# The command


@pytest.fixture
def checkout(remote, tmp_path, monkeypatch):
    """A checkout whose archive is the remote's; return the place of the archive in it."""
    data = tmp_path / "data"
    data.mkdir()
    lines = [f"{path} {digest}\n" for path, digest in FILES.items()]
    (data / "registry.txt").write_text("".join(lines), encoding="utf-8")
    monkeypatch.setattr(module, "data_folder", lambda: data)
    monkeypatch.setattr(module, "SOURCE", remote.url)
    monkeypatch.delenv("ACTIVATIONS_DATA", raising=False)
    return data / "lie_detection"


@pytest.mark.parametrize("arguments", [[], ["--if-possible"]])
def test_the_command_fetches_and_then_verifies(checkout, remote, capsys, arguments):
    for _ in range(2):
        assert module.main(arguments) == 0
        assert f"{checkout}: complete, and every file has its SHA-256" in capsys.readouterr().out
    assert contents(checkout) == CONTENTS
    assert len(remote.asked) == 5


@pytest.mark.parametrize("failure", [404, "portal", "hung up"])
def test_a_failing_remote_is_an_error_or_a_warning(checkout, remote, capsys, failure):
    remote.plan = {FIRST: [failure] * 6}
    assert module.main([]) == 1
    told = capsys.readouterr().err.splitlines()[-1]
    assert told.startswith(f"error: {remote.url}{FIRST}")
    assert module.main(["--if-possible"]) == 0
    told = capsys.readouterr().err.splitlines()[-1]
    assert told.startswith("warning: the book is built without the course's archive: http")
    assert not checkout.exists()


def test_no_network_is_a_warning_of_one_line(checkout, monkeypatch, capsys):
    monkeypatch.setattr(module, "SOURCE", f"http://127.0.0.1:{free_port()}/")
    assert module.main(["--if-possible"]) == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert len(err.splitlines()) == 1
    assert err.startswith("warning: ")
    assert module.main([]) == 1
    assert capsys.readouterr().err.startswith("error: ")


@pytest.mark.parametrize("arguments", [[], ["--if-possible"]])
def test_an_unsound_archive_is_an_error_in_any_case(checkout, remote, capsys, arguments):
    write(checkout, {**CONTENTS, TABLE: b"altered"})
    assert module.main(arguments) == 1
    told = capsys.readouterr().err
    assert told.startswith("error: ")
    assert "cities.csv" in told
    assert remote.asked == []


def test_the_command_where_the_archive_is_named(checkout, remote, tmp_path, monkeypatch, capsys):
    elsewhere = tmp_path / "elsewhere"
    monkeypatch.setenv("ACTIVATIONS_DATA", str(elsewhere))
    assert module.main(["--if-possible"]) == 0
    assert "nothing is fetched" in capsys.readouterr().out
    assert module.main([]) == 1
    assert re.search("elsewhere is no folder.*names a folder, none is", capsys.readouterr().err)
    write(elsewhere)
    assert module.main([]) == 0
    assert "elsewhere: complete" in capsys.readouterr().out
    (tmp_path / "own" / "activations").mkdir(parents=True)
    monkeypatch.setenv("ACTIVATIONS_DATA", str(tmp_path / "own"))
    assert module.main([]) == 0
    assert "own': nothing is fetched" in capsys.readouterr().out
    for arguments in ([], ["--if-possible"]):
        monkeypatch.setenv("ACTIVATIONS_DATA", "embedded")
        assert module.main(arguments) == 0
        assert "'embedded': nothing is fetched" in capsys.readouterr().out
    assert remote.asked == []
    assert not checkout.exists()
    monkeypatch.setenv("ACTIVATIONS_DATA", "")
    assert module.main([]) == 0
    assert checkout.exists()


def test_the_command_interrupted(checkout, monkeypatch, capsys):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "fetch", interrupt)
    assert module.main(["--if-possible"]) == 130
    assert "goes on where this run stopped" in capsys.readouterr().err


def test_the_command_as_a_process(tmp_path):
    write(tmp_path)
    command = [sys.executable, "-W", "error", "-m", "activations.truth.fetch"]
    env = {**os.environ, "ACTIVATIONS_DATA": str(tmp_path)}
    done = subprocess.run(command, env=env, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error: ")
    assert "154 files are missing" in done.stderr
    env["ACTIVATIONS_DATA"] = "embedded"
    done = subprocess.run([*command, "--if-possible"], env=env, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    done = subprocess.run([*command, "--what"], env=env, capture_output=True, text=True)
    assert done.returncode == 2


def test_what_is_imported():
    heavy = ["torch", "sklearn", "pooch", "requests", "tqdm", "filelock", "urllib3"]
    for what in ("import activations, activations.truth", "import activations.truth.fetch"):
        code = f"import sys; {what}; print([m for m in {heavy} if m in sys.modules])"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        assert done.stdout.strip() == "[]"
