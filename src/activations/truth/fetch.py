"""The course's archive, fetched and verified.

The archive may not be passed on with the book, so whoever wants it fetches it from where the
course keeps it: ``nox -s data``, or ``python -m activations.truth.fetch``. Each file must have the
SHA-256 that the checkout's ``data/registry.txt`` names. Files arrive in a folder beside the target,
where an interrupted run goes on, and only a complete and verified folder gets the target's name:
the target is there in full, or not at all. What is there already is never deleted or changed.
"""

import argparse
import hashlib
import logging
import os
import queue
import re
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from activations.truth.sources import data_folder
from activations.truth.statement_sets import DataMissingError, DataUnusableError

if TYPE_CHECKING:
    import requests

__all__ = ["SIZE", "SOURCE", "TIMEOUT", "FetchError", "fetch", "registry", "verify"]

#: Where the course keeps the archive: a folder of its public repository, at one commit.
SOURCE: Final = (
    "https://raw.githubusercontent.com/sciai-lab/mlph-25w/"
    "a722451a9567bb9a9da7dac33ee20690a8a26e04/sheet05/data/lie_detection/"
)

#: The bytes of all its files together.
SIZE: Final = 61_031_010

#: Seconds to wait for a connection, and for the next bytes of a file.
TIMEOUT: Final = (5.0, 30.0)

# Pooch tries so many times more, a second or two apart, when a file does not come as it should.
_RETRIES: Final = 2

# What file managers leave behind in a folder that somebody looks at.
_LITTER: Final = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})

_AGAIN: Final = "run `nox -s data` again, which goes on where this run stopped"
_OTHER_WAYS: Final = "data/README.md names other ways to get the archive"
_ANEW: Final = "move the folder away and run `nox -s data`, which fetches it anew"


class FetchError(DataMissingError):
    """The archive could not be fetched; nothing of what was there has changed.

    Examples
    --------
    >>> from activations.truth import DataMissingError
    >>> from activations.truth.fetch import FetchError
    >>> issubclass(FetchError, DataMissingError)
    True
    """


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def registry() -> dict[str, str]:
    """Read which files the archive has.

    Returns
    -------
    dict of str to str
        The path of each file in the archive, with ``/`` between its parts, and its SHA-256 in
        hexadecimal digits.

    Raises
    ------
    DataMissingError
        If ``data/registry.txt`` is not there, as where the package is used without its checkout.
    DataUnusableError
        If a line of it is not a path and a SHA-256.

    Examples
    --------
    >>> from activations.truth.fetch import registry
    >>> files = registry()
    >>> len(files), min(files)
    (154, 'acts/Llama3/8B/chat/cities/layer_12_0.pt')
    """
    path = data_folder() / "registry.txt"
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise DataMissingError(
            f"{path} cannot be read ({error}); it is part of the project's checkout"
        ) from error
    files: dict[str, str] = {}
    for number, line in enumerate(lines, start=1):
        # No part of a path begins with a dot, so that none leads out of the folder.
        entry = re.fullmatch(r"(\w[\w.-]*(?:/\w[\w.-]*)*) ([0-9a-f]{64})", line)
        if entry is None or entry[1] in files:
            raise DataUnusableError(
                f"{path}, line {number}: must be a new path and its SHA-256, found {line!r}; "
                "restore the file from the project's repository"
            )
        files[entry[1]] = entry[2]
    return files


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _additional(folder: Path, files: Mapping[str, str]) -> list[str]:
    """List what lies in the folders of the registered files and is not registered."""
    inside: dict[str, set[str]] = {}
    for path in map(PurePosixPath, files):
        for child, parent in zip([path, *path.parents], path.parents, strict=False):
            inside.setdefault(str(parent), set()).add(child.name)
    # Beside datasets/ and acts/ there may be anything: nobody reads it.
    inside.pop(".", None)
    return sorted(
        f"{parent}/{name}"
        for parent, names in inside.items()
        for name in set(os.listdir(folder / parent)) - names - _LITTER
    )


def verify(folder: str | os.PathLike[str], files: Mapping[str, str] | None = None) -> None:
    """Check that a folder holds the archive: every file as registered, and no other.

    Parameters
    ----------
    folder : str or path
        The folder with ``datasets/`` and ``acts/`` in it.
    files : mapping of str to str, optional
        Paths in the folder and their SHA-256; by default the `registry`.

    Raises
    ------
    DataMissingError
        If the folder, or a file, is not there or cannot be read; an OSError.
    DataUnusableError
        If a file has another content, or if there is an additional file in a folder of the
        archive; a ValueError. The message names a file, what was found and what to do.

    Notes
    -----
    Nothing is deleted or changed.

    Examples
    --------
    >>> from activations.truth.fetch import verify
    >>> verify("no/such/folder")
    Traceback (most recent call last):
    ...
    activations.truth.statement_sets.DataMissingError: no/such/folder is no folder; ...
    """
    folder = Path(folder)
    files = registry() if files is None else files
    try:
        if not folder.is_dir():
            raise DataMissingError(f"{folder} is no folder; {_ANEW}")
        if missing := [path for path in files if not (folder / path).is_file()]:
            raise DataMissingError(
                f"{folder}: {len(missing)} of {len(files)} files are missing, the first is "
                f"{missing[0]}; {_ANEW}"
            )
        if extra := _additional(folder, files):
            raise DataUnusableError(
                f"{folder}: {len(extra)} entries do not belong to the archive, the first is "
                f"{extra[0]}; remove it, or {_ANEW}"
            )
        found = {path: _digest(folder / path) for path in files}
    except DataMissingError:
        raise
    except OSError as error:
        raise DataMissingError(f"{folder} cannot be read ({error}); {_ANEW}") from error
    if wrong := [path for path in files if found[path] != files[path]]:
        raise DataUnusableError(
            f"{folder / wrong[0]}: must have the SHA-256 {files[wrong[0]]}, found "
            f"{found[wrong[0]]} ({len(wrong)} of {len(files)} files are not what they must be); "
            f"{_ANEW}"
        )


def _reach(url: str, seconds: float) -> None:
    """Open a connection to where the files will come from, or give up after so many seconds."""
    from requests.utils import get_environ_proxies, select_proxy

    proxy = select_proxy(url, get_environ_proxies(url))
    try:
        parts = urlsplit(proxy if proxy and "//" in proxy else f"http://{proxy}" if proxy else url)
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme, 1080)
    except ValueError as error:
        if not proxy:
            raise ValueError(f"base_url is {url!r}, which is no address ({error})") from error
        raise FetchError(
            f"the proxy that this machine is set to use has no sound address ({error}); mend the "
            f"environment variable {urlsplit(url).scheme}_proxy and {_AGAIN}; {_OTHER_WAYS}"
        ) from error
    deadline = time.monotonic() + seconds
    answers: queue.SimpleQueue[Any] = queue.SimpleQueue()

    # Looking up a name heeds no timeout, and of several addresses some may never answer: threads
    # ask, all addresses at once, and one that has not come back in time is not waited for.
    def ask(work: Callable[..., Any], *arguments: Any) -> None:
        def run() -> None:
            try:
                answers.put(work(*arguments))
            except (OSError, ValueError) as error:
                answers.put(error)

        threading.Thread(target=run, daemon=True).start()

    def answer() -> Any:
        try:
            return answers.get(timeout=max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            return TimeoutError(f"no answer within {seconds:g} s")

    def connect(address: tuple[str, int]) -> None:
        socket.create_connection(address, seconds).close()

    ask(socket.getaddrinfo, parts.hostname, port, 0, socket.SOCK_STREAM)
    found = answer()
    if not isinstance(found, Exception):
        addresses = {entry[4][:2] for entry in found}
        for address in addresses:
            ask(connect, address)
        for _ in addresses:
            found = answer()
            if found is None:
                return
    raise FetchError(
        f"{parts.hostname}, port {port}, cannot be reached ({found}); connect this machine to the "
        f"network and {_AGAIN}; {_OTHER_WAYS}"
    )


class _Downloader:
    """What pooch calls for a file: one connection for all files, and one bar for all bytes."""

    def __init__(
        self, session: "requests.Session", bar: Any, timeout: tuple[float, float], limit: int | None
    ) -> None:
        self.session, self.bar, self.timeout, self.limit = session, bar, timeout, limit
        self.url, self.received, self.kind = "", 0, ""

    def __call__(self, url: str, output_file: str, pooch: object, check_only: bool = False) -> None:
        if url == self.url:
            # It is tried again: what came before is not part of the whole.
            self.bar.update(-self.received)
        self.url, self.received, self.kind = url, 0, ""
        with self.session.get(url, stream=True, timeout=self.timeout) as response:
            if 400 <= response.status_code < 500:
                # Asking for the same again would not help, and pooch does not do so after this.
                raise FetchError(
                    f"{url}: the server answered {response.status_code} {response.reason}; "
                    f"{_OTHER_WAYS}"
                )
            response.raise_for_status()
            self.kind = response.headers.get("Content-Type", "no stated type")
            with open(output_file, "wb") as file:
                for block in response.iter_content(1 << 16):
                    file.write(block)
                    self.received += len(block)
                    self.bar.update(len(block))
                    if self.limit is not None and self.received > self.limit:
                        raise FetchError(
                            f"{url}: the server sends more than the {self.limit} bytes that all "
                            f"files have together; {_OTHER_WAYS}"
                        )

    def failure(self, error: Exception, digest: str) -> str:
        """Say what was found instead of the file that was asked for last."""
        import requests

        if isinstance(error, requests.HTTPError) and error.response is not None:
            found = f"the server answered {error.response.status_code} {error.response.reason}"
        elif not isinstance(error, requests.RequestException):
            found = (
                f"must have the SHA-256 {digest}, found {self.received} bytes ({self.kind}) that "
                "have another"
            )
        elif "timed out" in str(error).lower():
            found = f"nothing more came for {self.timeout[1]:g} s, after {self.received} bytes"
        elif self.kind:
            found = f"cut off after {self.received} bytes ({error})"
        else:
            found = f"no answer ({error})"
        return f"{self.url}: {found}; {_AGAIN}; {_OTHER_WAYS}"


def _take_stock(staging: Path, files: Mapping[str, str]) -> tuple[list[str], int]:
    """List the files that a folder lacks, and count the bytes of those that it has.

    A file that is there and wrong is lacking. What pooch was writing when it was killed is removed.
    """
    for leftover in staging.rglob("tmp????????"):
        if leftover.relative_to(staging).as_posix() not in files and leftover.is_file():
            leftover.unlink()
    wanted: list[str] = []
    size = 0
    for path, digest in files.items():
        place = staging / path
        if not place.is_file():
            wanted.append(path)
        elif _digest(place) != digest:
            _say(f"{place} is not what it must be, and is fetched again")
            wanted.append(path)
        else:
            size += place.stat().st_size
    return wanted, size


def _fill(
    staging: Path,
    base_url: str,
    timeout: tuple[float, float],
    files: Mapping[str, str],
    size: int | None,
) -> None:
    """Fetch into a folder what it lacks."""
    # Whoever only verifies, or names the archive, need not wait for these.
    import pooch
    import requests
    import tqdm

    wanted, there = _take_stock(staging, files)
    if not wanted:
        return
    _reach(base_url, timeout[0])
    staging.mkdir(exist_ok=True)
    already = f"; {len(files) - len(wanted)} are here already" if len(wanted) < len(files) else ""
    _say(f"Fetching {len(wanted)} of {len(files)} files from {base_url}{already}")
    remote = pooch.create(
        staging.absolute(), base_url, registry=dict(files), retry_if_failed=_RETRIES
    )
    # A file made by mkstemp is its owner's alone; this is what any other file made here may be.
    mode = staging.stat().st_mode & 0o666

    # A line of log for each of 154 files would bury the bar. Another level would not do: pooch's
    # logger is none of logging's own, and goes on by the level that it had when it was first used.
    def hush(record: logging.LogRecord) -> bool:
        return record.levelno >= logging.WARNING

    logger = pooch.get_logger()
    logger.addFilter(hush)
    try:
        with (
            requests.Session() as session,
            tqdm.tqdm(total=size, initial=there, unit="B", unit_scale=True, disable=None) as bar,
        ):
            download = _Downloader(session, bar, timeout, size)
            for path in wanted:
                try:
                    remote.fetch(path, downloader=download)
                except (requests.RequestException, ValueError) as error:
                    raise FetchError(download.failure(error, files[path])) from error
                (staging / path).chmod(mode)
    finally:
        logger.removeFilter(hush)


@contextmanager
def _alone(target: Path) -> Iterator[None]:
    """Wait until no other run fetches the same folder, and keep others waiting."""
    from filelock import FileLock, Timeout

    lock = FileLock(target.with_name(target.name + ".lock"))
    try:
        lock.acquire(timeout=0)
    except Timeout:
        _say(f"{target} is being fetched by another run; waiting for it")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def fetch(
    target: str | os.PathLike[str] | None = None,
    *,
    base_url: str | None = None,
    timeout: tuple[float, float] = TIMEOUT,
    files: Mapping[str, str] | None = None,
    size: int | None = None,
) -> Path:
    """Fetch the archive if it is not there, and verify it in any case.

    Parameters
    ----------
    target : str or path, optional
        The folder that shall hold the archive; by default ``data/lie_detection`` of the checkout.
    base_url : str, optional
        Where its files are, an address of HTTP or HTTPS; by default `SOURCE`.
    timeout : (float, float), optional
        Seconds to wait for a connection, and for the next bytes of a file.
    files : mapping of str to str, optional
        Paths below `base_url` and `target`, and their SHA-256; by default the `registry`.
    size : int, optional
        The bytes of all these files together, for the progress bar and as a limit; by default
        `SIZE`, or unknown if `files` are given.

    Returns
    -------
    Path
        The folder, which holds the archive as registered.

    Raises
    ------
    FetchError
        If a file could not be had or kept: no connection, no such file, a server's error, another
        content, cut off, nothing more coming, no room. What arrived before is kept beside the
        target, and the next run goes on from there.
    DataMissingError
        If the target is there and lacks files; an OSError.
    DataUnusableError
        If the target is there and a file is not as registered or should not be there; a
        ValueError. The target is left as it is.
    ValueError
        If `base_url` is no such address.

    Notes
    -----
    Files are gathered in ``<target>.part``. When they are complete and verified, that folder is
    renamed. A lock, ``<target>.lock``, makes a second run wait for the first.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from activations.truth.fetch import fetch
    >>> with TemporaryDirectory() as folder:
    ...     fetch(f"{folder}/archive", base_url="http://localhost:9/")
    Traceback (most recent call last):
    ...
    activations.truth.fetch.FetchError: localhost, port 9, cannot be reached ...
    """
    target = data_folder() / "lie_detection" if target is None else Path(target)
    base_url = (SOURCE if base_url is None else base_url).rstrip("/") + "/"
    if not re.match(r"https?://[^/]", base_url):
        raise ValueError(f"base_url must be an address of HTTP or HTTPS, got {base_url!r}")
    if files is None:
        files, size = registry(), SIZE if size is None else size
    try:
        if os.path.lexists(target):
            verify(target, files)
            return target
        target.parent.mkdir(parents=True, exist_ok=True)
        with _alone(target):
            if os.path.lexists(target):
                verify(target, files)
                return target
            staging = target.with_name(target.name + ".part")
            if os.path.lexists(staging) and not staging.is_dir():
                raise FetchError(f"{staging} must be a folder, and is none; remove it and {_AGAIN}")
            _fill(staging, base_url, timeout, files, size)
            try:
                verify(staging, files)
            except (DataMissingError, DataUnusableError) as error:
                raise FetchError(str(error)) from error
            staging.rename(target)
    except DataMissingError:
        raise
    except OSError as error:
        raise FetchError(
            f"{target} cannot be written ({error}); make room for it, let this user write there, "
            f"and {_AGAIN}"
        ) from error
    return target


def main(arguments: Sequence[str] | None = None) -> int:
    """Fetch or verify the archive, as a command.

    Parameters
    ----------
    arguments : sequence of str, optional
        The command's arguments, by default those of the process.

    Returns
    -------
    int
        The exit code: 0 if all is well, 1 if not, 130 if it was interrupted.

    Notes
    -----
    A folder that the environment variable ``ACTIVATIONS_DATA`` names is verified, and nothing is
    fetched. With ``--if-possible``, failing to fetch is a warning, as the book can be built
    without the archive; an archive that is there and wrong is an error all the same.
    """
    parser = argparse.ArgumentParser(
        prog="python -m activations.truth.fetch",
        description="Fetch the course's archive, or verify the one that is there.",
    )
    parser.add_argument(
        "--if-possible", action="store_true", help="warn, and succeed, if it cannot be fetched"
    )
    if_possible = parser.parse_args(arguments).if_possible
    named = os.environ.get("ACTIVATIONS_DATA", "")
    try:
        # A folder of the book's own form is nobody's archive.
        own = (Path(named) / "activations").is_dir() and not (Path(named) / "acts").is_dir()
        if named == "embedded" or (named and (own or if_possible)):
            print(f"ACTIVATIONS_DATA is {named!r}: nothing is fetched")
            return 0
        if named:
            verify(named)
        else:
            named = str(fetch())
    except (DataMissingError, DataUnusableError) as error:
        told = " ".join(str(error).split())
        if named:
            told += "; as long as ACTIVATIONS_DATA names a folder, none is fetched"
        if if_possible and isinstance(error, FetchError):
            _say(f"warning: the book is built without the course's archive: {told}")
            return 0
        _say(f"error: {told}")
        return 1
    except KeyboardInterrupt:
        _say(f"interrupted; {_AGAIN}")
        return 130
    print(f"{named}: complete, and every file has its SHA-256")
    return 0


if __name__ == "__main__":
    sys.exit(main())
