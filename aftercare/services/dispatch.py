"""The postman: claims due messages, asks whether they are still wanted, sends, records.

At least once. A claim is committed with a lease before anything is sent, so a worker that dies
leaves rows that the next one settles; what became of each message is recorded in small groups.
Two dispatchers share the work by `SKIP LOCKED`; every record is fenced by the lease it was made
under, so that a dispatcher which was away too long changes nothing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import batched_compat
