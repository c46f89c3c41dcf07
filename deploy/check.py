"""`python deploy/check.py URL`: asks `/readyz`; exits with 1 and says why if something is missing."""

import json
import sys
from urllib.error import HTTPError
from urllib.request import urlopen


def main(url: str) -> str | None:
    """What is missing, in words; None if all is there."""
    try:
        with urlopen(url, timeout=20) as answer:  # nosec B310  # as the unit names it
            found = json.load(answer)
    except HTTPError as error:
        return f"{url} answered {error.code}: {error.read(2000).decode(errors='replace').strip()}"
    except (OSError, ValueError) as error:
        return f"{url} did not answer: {error}"
    if not found.get("workers", True):
        return f"{url}: no worker was heard for 30 seconds: {json.dumps(found)}"
    return None


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
