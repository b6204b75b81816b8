# One image for every process: the command says which. `docker build .` makes the one for production.
# `development` is the same with the tests, their tools and the embedded servers that they start.
ARG PYTHON=3.13

FROM python:${PYTHON}-slim AS base
ENV PYTHONUNBUFFERED=1 PATH=/opt/venv/bin:$PATH
WORKDIR /srv/task-service

# The libraries are installed where they will lie, without pip, and stay cached until a pin changes.
FROM base AS libraries
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
RUN python -m venv --without-pip /opt/venv
COPY requirements.txt .
RUN /usr/local/bin/python -m pip --python /opt/venv/bin/python install -r requirements.txt

FROM libraries AS test-libraries
COPY requirements-dev.txt .
RUN /usr/local/bin/python -m pip --python /opt/venv/bin/python install -r requirements-dev.txt

# The code belongs to root and the service runs as somebody else, so it cannot change itself. The
# folders are there so that new volumes over them begin with the right owner. `.env` leads to what
# deploy/make_secrets.py makes; where it leads nowhere, it is not read.
FROM base AS runtime
RUN useradd --system --uid 10001 --user-group --home-dir /var/lib/task-service service \
 && install -d -o service -g service -m 700 /var/lib/task-service/data \
 && install -d -o service -g service -m 755 /var/lib/task-service /var/lib/task-service/secrets \
 && ln -s /var/lib/task-service/secrets/service.env .env
ENV BIND=0.0.0.0:5000 DATA_DIR=/var/lib/task-service/data FLASK_APP=app
EXPOSE 5000
# `docker-compose up` gives up on who is unhealthy, so a busy machine gets time for the start.
HEALTHCHECK --interval=5s --timeout=5s --start-period=3m --retries=3 CMD ["python", "deploy/healthcheck.py"]
CMD ["python", "-m", "workers.processes", "web"]

FROM runtime AS development
# The tests of the README type what it shows.
RUN apt-get update && apt-get install -y --no-install-recommends curl && rm -rf /var/lib/apt/lists/*
# The checkout cannot be written to, so what the tests keep goes elsewhere.
ENV ENVIRONMENT=development PYTEST_ADDOPTS="-o cache_dir=/tmp/pytest" HYPOTHESIS_STORAGE_DIRECTORY=/tmp/hypothesis \
    COVERAGE_FILE=/tmp/coverage HTMLCOV=/tmp/htmlcov
COPY --from=test-libraries /opt/venv /opt/venv
COPY . .
RUN python -m compileall -q app embedded workers *.py
USER service

FROM runtime AS production
ENV ENVIRONMENT=production
COPY --from=libraries /opt/venv /opt/venv
COPY lambda_function.py manage.py ./
COPY migrations/ migrations/
COPY deploy/gunicorn.conf.py deploy/healthcheck.py deploy/make_secrets.py deploy/
COPY workers/ workers/
COPY app/ app/
RUN python -m compileall -q app workers *.py
USER service
