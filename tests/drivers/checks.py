"""What the drivers in Python share: one line for each check, and an exit code that says whether all went well."""

import os
import sys
import traceback

MODE = os.environ["DRIVERS_MODE"]
ROWS = 100_000
LARGE = 20_000_000
failed = 0


def check(name, work, when=True):
    global failed
    if not when:
        return
    try:
        work()
        print(f"ok {name}", flush=True)
    except Exception as error:
        failed += 1
        print(f"not ok {name}: {type(error).__name__}: {str(error).strip()[:300]!r}", flush=True)
        if os.environ.get("DRIVERS_TRACE"):
            traceback.print_exc()


def finish():
    sys.exit(1 if failed else 0)
