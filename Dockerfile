FROM python:3.11-slim AS build
WORKDIR /app
COPY pyproject.toml constraints.txt README.md ./
COPY bot bot
COPY memes memes
COPY safety safety
RUN python -m venv /venv \
 && /venv/bin/pip install --no-cache-dir --disable-pip-version-check -c constraints.txt .

FROM python:3.11-slim
RUN useradd --create-home --uid 10001 jiegeng && mkdir /data && chown jiegeng /data
COPY --from=build /venv /venv
WORKDIR /app
COPY --chown=jiegeng prompts prompts
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 \
    JIEGENG_DATA=/data JIEGENG_PROMPTS=/app/prompts JIEGENG_HOST=0.0.0.0
USER jiegeng
VOLUME /data
EXPOSE 8700 8701
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
  CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8701/health', timeout=4)"]
CMD ["jiegeng", "run"]
