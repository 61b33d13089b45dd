"""Apache Kafka's jars: pinned by SHA-256, fetched once into a cache that all checkouts share."""

import hashlib
import os
import tempfile
import tomllib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from deploy.local.errors import JarChecksumError, JarDownloadError

PINS = Path(__file__).with_name("kafka-jars.toml")
"""The shipped pins; `python -m deploy.local.pin` writes them for another version."""

_PARALLEL_DOWNLOADS = 4
_DOWNLOAD_TIMEOUT_SECONDS = 30


@dataclass(frozen=True)
class Jar:
    """One pinned jar: Maven coordinates `group:artifact:version`, SHA-256 in hex, size in bytes."""

    coordinates: str
    sha256: str
    size: int

    @property
    def file_name(self) -> str:
        """The name that Maven gives the file."""
        _, artifact, version = self.coordinates.split(":")
        return f"{artifact}-{version}.jar"


def read_pins(file: Path = PINS) -> tuple[Jar, ...]:
    """Read every jar of the class path, in the order of the file."""
    pins = tomllib.loads(file.read_text(encoding="utf-8"))["jars"]
    return tuple(Jar(name, pin["sha256"], pin["size"]) for name, pin in pins.items())


def cache_directory(data: Path) -> Path:
    """Choose where downloads are kept: `VBP_CACHE`, else the user's cache, else inside `data`.

    The last is for accounts whose home cannot be written, as in some containers.
    """
    chosen = os.environ.get("VBP_CACHE")
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")  # noqa: PTH111 Path.expanduser raises where an account has no home; this does not.
    for candidate in (Path(chosen) if chosen else Path(home) / "vbp", data / "cache"):
        try:
            candidate.mkdir(parents=True, exist_ok=True)
        except OSError:
            continue
        if os.access(candidate, os.W_OK):
            return candidate.resolve()
    return data / "cache"


def fetch_jars(
    cache: Path,
    *,
    jars: tuple[Jar, ...] | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> tuple[Path, ...]:
    """Check the files of `jars` (by default all that are pinned), fetching what `cache` lacks.

    Returns them in their order. Raises `JarDownloadError` or `JarChecksumError`.
    """
    pinned = read_pins() if jars is None else jars
    folder = cache / "jars"
    folder.mkdir(parents=True, exist_ok=True)
    missing = [jar for jar in pinned if not (folder / jar.file_name).exists()]
    if missing:
        megabytes = sum(jar.size for jar in missing) / 1_000_000
        say(f"Downloading Apache Kafka, once: {len(missing)} jars, {megabytes:.0f} MB, to {folder}")
        _fetch_all(missing, folder)
    for jar in pinned:
        _check(folder / jar.file_name, jar)
    return tuple(folder / jar.file_name for jar in pinned)


def jar_files(cache: Path) -> tuple[Path, ...]:
    """Name the pinned jars as they lie once `fetch_jars` has fetched and checked them."""
    return tuple(cache / "jars" / jar.file_name for jar in read_pins())


def _check(file: Path, jar: Jar) -> None:
    with file.open("rb") as opened:
        got = hashlib.file_digest(opened, "sha256").hexdigest()
    if got != jar.sha256:
        raise JarChecksumError(file, expected=jar.sha256, got=got)


def _fetch_all(missing: list[Jar], folder: Path) -> None:
    with (
        tempfile.TemporaryDirectory(dir=folder, prefix="fetching-") as aside,
        ThreadPoolExecutor(_PARALLEL_DOWNLOADS) as pool,
    ):
        fetching = [pool.submit(_fetch, jar, folder, Path(aside)) for jar in missing]
        try:
            for done in as_completed(fetching):
                done.result()
        finally:
            pool.shutdown(cancel_futures=True)


def _fetch(jar: Jar, folder: Path, aside: Path) -> None:
    # jgo writes straight into its repository, where half a file would pass for a whole one: each
    # jar is fetched aside and moved to its place only when it is complete and checked.
    file = _download(jar, aside)
    if (size := file.stat().st_size) < jar.size:
        raise JarDownloadError(jar.coordinates, f"it ended after {size} of {jar.size} bytes")
    try:
        _check(file, jar)
    except JarChecksumError as error:
        rejected = file.replace(folder / f"{jar.file_name}.rejected")
        raise JarChecksumError(rejected, expected=error.expected, got=error.got) from None
    file.replace(folder / jar.file_name)


def _download(jar: Jar, repository: Path) -> Path:
    from jgo.config import GlobalSettings  # noqa: PLC0415 only a first start pays for jgo.
    from jgo.constants import MAVEN_CENTRAL_URL  # noqa: PLC0415
    from jgo.maven import MavenContext  # noqa: PLC0415

    mirror = os.environ.get("VBP_MAVEN_REPOSITORY")
    remotes = {**GlobalSettings.load().repositories, "central": MAVEN_CENTRAL_URL}
    context = MavenContext(
        repo_cache=repository,
        remote_repos={"mirror": mirror} if mirror else remotes,
        timeout=_DOWNLOAD_TIMEOUT_SECONDS,
    )
    group, artifact, version = jar.coordinates.split(":")
    try:
        return Path(context.project(group, artifact).at_version(version).artifact().resolve())
    except (OSError, RuntimeError) as error:
        raise JarDownloadError(jar.coordinates, str(error)) from error
