"""`python deploy/pg_service.py`: DATABASE_URL as a service file of PostgreSQL's programs, on standard output.

With PGSERVICEFILE and PGSERVICE=restore, `pg_dump`, `psql` and `pg_restore` connect to it without a password
among their arguments.
"""

import os

from psycopg.conninfo import conninfo_to_dict


def main() -> None:
    """Print the section `restore`."""
    print("[restore]")
    for name, value in conninfo_to_dict(os.environ["DATABASE_URL"]).items():
        print(f"{name}={value}")


if __name__ == "__main__":
    main()
