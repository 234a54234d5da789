"""Named places at which a test may end the process as a power cut would.

`CATALOG_SERVER_FAILPOINT=name` ends it when the place is reached, `name:3` when it is reached for the third time.
"""

from __future__ import annotations

import os
import signal

_NAME, _, _COUNT = os.environ.get("CATALOG_SERVER_FAILPOINT", "").partition(":")
_left = int(_COUNT or 1)


def reach(name: str) -> None:
    """End the process here, if a test asked for that."""
    global _left
    if name == _NAME:
        _left -= 1
        if _left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
