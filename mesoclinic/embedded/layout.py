"""Where the embedded services keep their files, and under which account they run."""

from __future__ import annotations

import hashlib
import json
import os
import pwd
import re
import secrets
import stat
from dataclasses import dataclass
from pathlib import Path

from mesoclinic.embedded.errors import EmbeddedError

PROJECT_DIR = Path(__file__).resolve().parent.parent.parent
DATABASE_NAME = DATABASE_USER = "meso"

# Unix socket paths end at 107 bytes; ".s.PGSQL.5432.lock" is the longest name we append.
_LONGEST_SOCKET_FOLDER = 107 - len("/.s.PGSQL.5432.lock")
_SAFE_IN_URLS = re.compile(r"[A-Za-z0-9_./-]+")


@dataclass(frozen=True)
class Account:
    """The operating-system account the servers run as."""

    uid: int
    gid: int
    dropped: bool
    """True when it is not our own account: we are root and give the rights up."""

    @classmethod
    def current(cls) -> Account:
        """Our own account, or `postgres`/`nobody` for root, which PostgreSQL refuses to serve."""
        if os.geteuid() != 0:
            return cls(os.geteuid(), os.getegid(), dropped=False)
        for name in ("postgres", "nobody"):
            try:
                entry = pwd.getpwnam(name)
            except KeyError:
                continue
            return cls(entry.pw_uid, entry.pw_gid, dropped=True)
        raise EmbeddedError(
            "PostgreSQL does not run as root and there is no account `postgres` or `nobody`. "
            "Run the command as an ordinary user."
        )


@dataclass(frozen=True)
class Layout:
    """Folders of one set of embedded services.

    `home` belongs to whoever starts them (secret key, lock, mail); `data` and `sockets` to the
    account the servers run as. `durable` False trades crash safety for speed (tests).
    """

    home: Path
    data: Path
    sockets: Path
    account: Account
    durable: bool = True

    @property
    def database_url(self) -> str:
        return f"postgres://{DATABASE_USER}@/{DATABASE_NAME}?host={self.sockets}"

    @property
    def redis_url(self) -> str:
        return f"unix://{self.redis_socket}?db=0"

    @property
    def redis_socket(self) -> Path:
        return self.sockets / "valkey.sock"

    @property
    def lock_file(self) -> Path:
        return self.home / "lock"

    @property
    def mail_dir(self) -> Path:
        return self.home / "mail"

    @property
    def state_file(self) -> Path:
        """JSON {web_url, email_url, pid} of a running `make run`."""
        return self.home / "state.json"

    def create(self) -> None:
        """Make the folders, private to their owners.

        Raises:
            EmbeddedError: one exists already and belongs to somebody else.
        """
        private_folder(self.home, os.geteuid())
        private_folder(self.data, self.account.uid, self.account.gid)
        private_folder(self.sockets, self.account.uid, self.account.gid)

    def secret_key(self) -> str:
        """The development SECRET_KEY, made once and kept in `home`."""
        private_folder(self.home, os.geteuid())
        path = self.home / "secret_key"
        if not path.exists():
            fresh = path.with_suffix(f".{os.getpid()}")
            fresh.touch(mode=0o600)
            fresh.write_text(secrets.token_urlsafe(64))
            try:
                os.link(fresh, path)  # the first of two concurrent starts wins
            except FileExistsError:
                pass
            finally:
                fresh.unlink()
        return path.read_text()

    def state(self) -> dict[str, str]:
        """What the running `make run` wrote about itself, or {}."""
        try:
            loaded = json.loads(self.state_file.read_text())
        except (OSError, ValueError):
            return {}
        return {str(key): str(value) for key, value in loaded.items()}


def private_folder(path: Path, uid: int, gid: int = -1) -> None:
    """Make `path` with mode 0700 for `uid`; refuse one that somebody else made.

    Shared places such as /var/tmp let any local user put a folder in our way.
    """
    try:
        path.mkdir(mode=0o700, parents=True)
    except FileExistsError:
        pass
    else:
        os.chown(path, uid, gid)
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != uid:
        raise EmbeddedError(
            f"{path} belongs to another account or is not a folder. Remove it "
            "(`make clean` as its owner) and try again."
        )
    if stat.S_IMODE(found.st_mode) != 0o700:
        path.chmod(0o700)


def project_layout(project: Path = PROJECT_DIR) -> Layout:
    """The lasting services of a checkout, as used by `make run` and `manage.py`."""
    account = Account.current()
    home = project / (os.environ.get("EMBEDDED_DIR") or ".embedded")
    digest = hashlib.sha256(f"{account.uid}:{home}".encode()).hexdigest()[:12]
    # The account we drop to usually cannot enter root's own folders.
    data = Path(f"/var/tmp/mesoclinic-{digest}") if account.dropped else home / "data"  # noqa: S108
    return Layout(home, data, _socket_folder(data, digest), account)


def throwaway_layout(folder: Path) -> Layout:
    """Services for one test run below `folder`, which is removed afterwards.

    `folder` must let the servers' account pass (mode 0711 when we are root).
    """
    account = Account.current()
    digest = hashlib.sha256(f"{account.uid}:{folder}".encode()).hexdigest()[:12]
    data = folder / "data"
    return Layout(folder / "home", data, _socket_folder(data, digest), account, durable=False)


def _socket_folder(data: Path, digest: str) -> Path:
    wanted = data / "run"
    if len(os.fsencode(wanted)) <= _LONGEST_SOCKET_FOLDER and _SAFE_IN_URLS.fullmatch(str(wanted)):
        return wanted
    return Path(f"/tmp/mesoclinic-{digest}")  # noqa: S108
