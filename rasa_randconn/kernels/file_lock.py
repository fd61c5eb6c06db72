"""Files that keep processes from doing the same work at the same time."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator

import portalocker

logger = logging.getLogger(__name__)

# Seconds. No kernel takes as long to compile.
_LONGEST_WAIT = 120
_WAIT_BETWEEN_TRIES = 0.05


class _FileSystem:
    """What is known of the file system.

    Attributes:
        has_locks: Whether waiting for a lock was never in vain.
    """

    has_locks = True


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Waits until no other process has the lock, and holds it meanwhile.

    Goes on without it where files cannot be locked, and where the folder is gone.

    Args:
        path: The lock's file, which is made if it is missing and stays.
    """
    lock = portalocker.Lock(
        str(path), timeout=_LONGEST_WAIT, check_interval=_WAIT_BETWEEN_TRIES
    )
    is_locked = False
    if _FileSystem.has_locks:
        try:
            lock.acquire()
            is_locked = True
        except (portalocker.LockException, OSError) as error:
            _FileSystem.has_locks = False
            logger.debug(f"'{path}' cannot be locked: {error}")
    try:
        yield
    finally:
        if is_locked:
            lock.release()
