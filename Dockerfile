# The app in a container: web, worker and commands run from the same image (compose.yaml). Two stages, so that the image
# has no compiler, no cache and no pip of ours in it; what runs is not root and writes nowhere but to /tmp.
FROM python:3.13-slim-trixie AS build
COPY requirements.txt /
RUN python -m venv /venv \
    && /venv/bin/python -m pip install --no-cache-dir --disable-pip-version-check --only-binary :all: \
        --require-hashes -r /requirements.txt \
    && /venv/bin/python -m pip uninstall --yes pip

FROM python:3.13-slim-trixie
RUN useradd --system --uid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin restore
COPY --from=build /venv /venv
WORKDIR /app
COPY . .
# Here, because the processes cannot write what they compile.
RUN python -m compileall -q /app /venv
ENV PATH=/venv/bin:$PATH APP_ENV=production PORT=8000 PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER 10001
EXPOSE 8000
# Whether this process answers; /readyz, which also asks database and Redis, would stop the web when they are away.
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "deploy/check.py", "http://127.0.0.1:8000/healthz"]
CMD ["gunicorn"]
