# Phoenix and nothing else: no compiler, no secret, no root.
FROM python:3.12.11-slim-bookworm

ENV PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN useradd --create-home --uid 10001 phoenix && mkdir /phoenix && chown phoenix:phoenix /phoenix
WORKDIR /phoenix

# What Phoenix stands on changes rarely: a layer of its own, made with empty rooms.
COPY pyproject.toml constraints.txt README.md LICENSE ./
RUN mkdir operators connectors configs flows && pip install -c constraints.txt -e .

COPY operators operators
COPY connectors connectors
COPY configs configs
COPY flows flows

USER phoenix
RUN mkdir runs && phoenix run --set source.duration_s=1 --set metrics.enabled=false --out /tmp/compiled >/dev/null
VOLUME /phoenix/runs
EXPOSE 9464
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:9464/metrics', timeout=4)"]
ENTRYPOINT ["phoenix"]
CMD ["run"]
