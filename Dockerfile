# syntax=docker/dockerfile:1
# Two stages: dependencies before source, so that a change of the source rebuilds only the last layers.

FROM python:3.12-slim AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/bandmate
COPY config/lock/run.txt /build/run.txt
RUN /opt/bandmate/bin/pip install --require-hashes -r /build/run.txt
# Voice channels (the extra `voice`): wheels that bring all they need, nothing of the system. The lock file of all extras
# holds their versions and hashes; of it nothing else is installed.
COPY config/lock/dev.txt /build/dev.txt
RUN awk '/^[a-z]/ { keep = /^(pynacl|davey|cffi|pycparser)==/ } keep' /build/dev.txt > /build/voice.txt \
    && /opt/bandmate/bin/pip install --require-hashes -r /build/voice.txt
# The neural engines: docker build --build-arg EXTRAS="torch transformers safetensors" .
ARG EXTRAS=""
RUN if [ -n "$EXTRAS" ]; then /opt/bandmate/bin/pip install $EXTRAS; fi
COPY pyproject.toml README.md LICENSE /build/
COPY bot /build/bot
COPY generation /build/generation
RUN /opt/bandmate/bin/pip install --no-deps /build

FROM python:3.12-slim
RUN useradd --uid 10001 --create-home bandmate && install -d -o bandmate /data
COPY --from=build /opt/bandmate /opt/bandmate
ENV PATH=/opt/bandmate/bin:$PATH BANDMATE_DATA_DIR=/data PYTHONDONTWRITEBYTECODE=1
USER bandmate
VOLUME /data
STOPSIGNAL SIGTERM
ENTRYPOINT ["bandmate"]
CMD ["serve"]
