# The build stage has the compiler and all packages; nothing of it but the bundle goes on.
FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --include=dev --ignore-scripts
COPY tsconfig.json ./
COPY src src
COPY policies policies
COPY certs certs
COPY manifests manifests
COPY release release
COPY examples examples
COPY README.md LICENSE ./
# Tests, docs and benchmarks are not here, so they are not compiled.
RUN npx tsc -p tsconfig.json && node build/release/main.js

FROM node:24-bookworm-slim
LABEL org.opencontainers.image.title="day2-admission" \
  org.opencontainers.image.description="Stops Kubernetes Day 2 outages before they exist" \
  org.opencontainers.image.licenses="Apache-2.0"
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /app/dist ./
USER 65532:65532
EXPOSE 8443 8080
# node is process 1 and gets the signals itself: no shell, no npm in between.
ENTRYPOINT ["node", "bin/day2.js"]
CMD ["serve"]
