"""What a start does not load, because few processes need it (docs/adr/0051)."""

import subprocess
import sys

from tests.support.processes import CHECKOUT

# Error reports, QR codes, migrations, and the client that the counter of attempts would look for.
RARE = ("sentry_sdk", "segno", "alembic", "flask_migrate", "valkey")


def test_the_app_is_made_without_what_few_processes_need() -> None:
    made = (
        "from webapp import create_app; import sys;"
        " create_app({'SECRET_KEY': 'for this test', 'DATABASE_URL': 'sqlite://', 'REDIS_URL': 'redis://x'});"
        f" print([name for name in {RARE} if name in sys.modules])"
    )

    started = subprocess.run(
        [sys.executable, "-c", made], cwd=CHECKOUT, check=True, capture_output=True, text=True
    )

    assert started.stdout.strip() == "[]"
