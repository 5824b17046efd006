# docker build --build-arg COMMIT=$(git rev-parse --short=12 HEAD) -t manyshot .
FROM debian:12-slim AS build
ARG COMMIT=unknown
WORKDIR /source
COPY . .
RUN MANYSHOT_COMMIT=$COMMIT ./run package /package \
    && mkdir /opt/manyshot \
    && tar -xJf /package/manyshot-linux-*.tar.xz -C /opt/manyshot --strip-components=1

FROM debian:12-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home manyshot
COPY --from=build /opt/manyshot /opt/manyshot
RUN ln -s /opt/manyshot/bin/manyshot /usr/local/bin/manyshot
USER manyshot
WORKDIR /data
ENTRYPOINT ["manyshot"]
CMD ["help"]
