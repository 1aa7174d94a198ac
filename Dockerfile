# One image for both commands: `waybill indexer ...` and `waybill-agent ...`.
FROM node:26-slim AS build
WORKDIR /src
COPY package.json package-lock.json ./
RUN npm ci
COPY . .
# The published package, with the versions of the lock file and without what is needed for development only.
# The image has Node already.
RUN npm run build && npm prune --omit=dev --omit=optional

FROM node:26-slim
COPY --from=build /src/dist /opt/waybill
COPY --from=build /src/node_modules /opt/waybill/node_modules
RUN ln -s /opt/waybill/bin/waybill.js /usr/local/bin/waybill \
 && ln -s /opt/waybill/bin/waybill-agent.js /usr/local/bin/waybill-agent \
 # Volumes take owner and mode of the folder that they are first mounted over.
 && install -d -o node -g node -m 0700 /var/lib/waybill /var/lib/waybill-agent \
 && install -d -o node -g node -m 0755 /var/log/app
ENV NODE_COMPILE_CACHE=/tmp/node-compile-cache
USER node
WORKDIR /var/lib/waybill
CMD ["waybill", "--help"]
