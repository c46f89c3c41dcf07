"""`python -m benchmarks.peer URL`: answers requests for the change list of the contacts at URL.

The database is a copy: the tables of Django's own apps are made in it. Says "ready"; then each line of the
input is a number of requests and the query of their address, and each line of the output the CPU seconds that
this process needed for them.
"""

import secrets
import sys
import time

import django
from django.conf import settings
from django.core.management import call_command

CHANGE_LIST = "/admin/peer/contact/"


def main(url: str) -> None:
    """Answer until the input ends."""
    settings.configure(
        ALLOWED_HOSTS=["testserver"],
        DATABASES={"default": _database(url)},
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        INSTALLED_APPS=[
            *("django.contrib.admin", "django.contrib.auth", "django.contrib.contenttypes"),
            *("django.contrib.sessions", "django.contrib.messages", "benchmarks.peer"),
        ],
        MIDDLEWARE=[
            "django.middleware.security.SecurityMiddleware",
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.common.CommonMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "django.contrib.messages.middleware.MessageMiddleware",
            "django.middleware.clickjacking.XFrameOptionsMiddleware",
        ],
        ROOT_URLCONF="benchmarks.peer.urls",
        SECRET_KEY=secrets.token_hex(),
        STATIC_URL="/static/",
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "APP_DIRS": True,
                "OPTIONS": {
                    "context_processors": [
                        "django.template.context_processors.request",
                        "django.contrib.auth.context_processors.auth",
                        "django.contrib.messages.context_processors.messages",
                    ]
                },
            }
        ],
        USE_TZ=True,
    )
    django.setup()
    call_command("migrate", verbosity=0)
    _answer()


def _answer() -> None:
    # They can be imported only now that the apps are set up.
    from django.contrib.auth import get_user_model
    from django.test import Client

    client = Client()
    client.force_login(get_user_model().objects.create_superuser("admin", password=None))
    print("ready", flush=True)
    for line in sys.stdin:
        number, _, query = line.strip().partition(" ")
        begun = time.process_time()
        for _ in range(int(number)):
            answer = client.get(CHANGE_LIST + query)
        used = time.process_time() - begun
        if answer.status_code != 200 or b'class="action-select"' not in answer.content:
            raise SystemExit(f"{CHANGE_LIST}{query} answers {answer.status_code} without contacts.")
        print(used, flush=True)


def _database(url: str) -> dict[str, object]:
    if url.startswith("sqlite"):
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": url.removeprefix("sqlite:///")}
    from psycopg.conninfo import conninfo_to_dict

    parts = conninfo_to_dict(url)
    names = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}
    given = {names[part]: value for part, value in parts.items() if part in names}
    # The connection stays open, as the app's does.
    return {"ENGINE": "django.db.backends.postgresql", "CONN_MAX_AGE": None, **given}


if __name__ == "__main__":
    main(sys.argv[1])
