# One image for both commands, `waybill indexer ...` and `waybill-agent ...`, made of their packages: first
#   npm run package -- --format deb
FROM debian:12-slim
ARG TARGETARCH=amd64
COPY packages/waybill_*_${TARGETARCH}.deb packages/waybill-agent_*_${TARGETARCH}.deb /tmp/
RUN apt-get update \
 && apt-get install --yes --no-install-recommends /tmp/waybill*.deb \
 && rm -rf /tmp/waybill*.deb /var/lib/apt/lists/* \
 # Both have the same Node: the image holds it once.
 && ln --force /usr/lib/waybill/node /usr/lib/waybill-agent/node \
 && ln --symbolic /usr/lib/waybill/node /usr/local/bin/node \
 # Volumes take owner and mode of the folder that they are first mounted over.
 && useradd --uid 1000 node \
 && install -d -o node -g node -m 0700 /var/lib/waybill /var/lib/waybill-agent \
 && install -d -o node -g node -m 0755 /var/log/app
ENV NODE_COMPILE_CACHE=/tmp/node-compile-cache
USER node
WORKDIR /var/lib/waybill
CMD ["waybill", "--help"]
