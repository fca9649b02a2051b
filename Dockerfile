# syntax=docker/dockerfile:1

# Styles, icons and scripts
FROM node:22.19.0-bookworm-slim AS assets
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts --omit=dev

# Python packages, in an environment of their own
FROM python:3.11.13-slim-bookworm AS packages
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir uv==0.13.9
COPY requirements.txt ./
RUN /venv/bin/uv pip install --python /venv/bin/python --no-cache -r requirements.txt \
    && /venv/bin/pip uninstall -q -y uv

# The product; static files are hashed and compressed here, once
FROM python:3.11.13-slim-bookworm AS product
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 HOST=0.0.0.0 PORT=8000 ENV_FILE=
RUN useradd --system --uid 10001 --home-dir /app --no-create-home mesoclinic
WORKDIR /app
COPY --from=packages /venv /venv
COPY --from=assets /app/node_modules ./node_modules
COPY . .
# collectstatic talks to nobody: these values are thrown away with this step.
RUN SECRET_KEY=only-for-collecting-static-files-0123456789-abcdefghijk \
    DATABASE_URL=postgres://nobody@localhost/none REDIS_URL=redis://localhost:6379/0 \
    python manage.py collectstatic --noinput -v 0 \
    && python -m compileall -q mesoclinic patients treatments scheduling aftercare \
    && rm -rf node_modules \
    && install -d -o mesoclinic -g mesoclinic media
USER mesoclinic
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s --retries=3 \
    CMD ["python", "-m", "mesoclinic.probe", "/healthz"]
CMD ["gunicorn", "-c", "python:mesoclinic.gunicorn", "mesoclinic.wsgi"]
