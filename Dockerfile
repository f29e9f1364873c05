# The image: Borg, Node and the sidecar. `docker build .` anywhere; `npm run image -- --tag NAME` without a registry.
# What is built here is copied into a clean base, so that no compiler and no package manager's cache comes along.
ARG BASE_IMAGE=docker.io/library/debian:trixie-slim

# --- Borg, from its source ------------------------------------------------------------------------------------------
FROM ${BASE_IMAGE} AS borg
# The certificates to trust while building, where a proxy has its own.
ARG CA_FILE=/etc/ssl/certs/ca-certificates.crt
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends \
      build-essential ca-certificates pkg-config python3-dev python3-venv \
      libacl1-dev liblz4-dev libssl-dev libxxhash-dev libzstd-dev
COPY scripts/borg/tools.txt scripts/borg/1.4.txt /build/
# The same path in each build, and no debug information: two builds give the same files.
ENV TMPDIR=/build/tmp SOURCE_DATE_EPOCH=1 CFLAGS="-O2 -g0" PIP_CERT=${CA_FILE} PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN mkdir -p "$TMPDIR" \
 && python3 -m venv /build/tools \
 && /build/tools/bin/pip install --require-hashes --only-binary :all: -r /build/tools.txt \
 && /build/tools/bin/pip install --require-hashes --no-deps --no-build-isolation --no-binary borgbackup \
      --no-compile --target /opt/borg -r /build/1.4.txt \
 && cp -r /build/tools/lib/python3*/site-packages/packaging* /opt/borg/ \
 && find /opt/borg -name '*.so' -exec strip --strip-unneeded {} + \
 && rm -rf /opt/borg/share /opt/borg/*/__pycache__ /opt/borg/*/*/__pycache__ \
 && find /opt/borg -name '*.pyx' -delete -o -name '*.c' -delete -o -name '*.h' -delete \
 && printf '#!/usr/bin/python3 -I\nimport sys\nsys.path.insert(0, "/opt/borg")\nfrom borg.archiver import main\nmain()\n' >/opt/borg/bin/borg \
 && rm -f /opt/borg/bin/borgfs \
 && chmod 755 /opt/borg/bin/borg \
 && python3 -m compileall -q --invalidation-mode unchecked-hash /opt/borg/borg /opt/borg/msgpack /opt/borg/packaging

# --- Node and the program -------------------------------------------------------------------------------------------
FROM ${BASE_IMAGE} AS program
ARG CA_FILE=/etc/ssl/certs/ca-certificates.crt
ENV NODE_EXTRA_CA_CERTS=${CA_FILE}
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends binutils ca-certificates libatomic1 npm
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
COPY constructs/package.json constructs/
COPY sidecar/package.json sidecar/
RUN npm ci --ignore-scripts --include=dev --include=optional --no-audit --no-fund
COPY sidecar sidecar
RUN set -e; \
    node=$(echo "$PWD"/node_modules/node-linux-*); \
    cd sidecar && "$node/bin/node" build.ts && cd ..; \
    mkdir -p /out/bin /out/licenses; \
    install -m 755 "$node/bin/node" /out/bin/node; \
    strip --strip-unneeded /out/bin/node; \
    cp "$node/LICENSE" /out/licenses/node; \
    cp -r sidecar/dist /out/program; \
    mv /out/program/licenses.txt /out/licenses/npm; \
    mv /out/program/packages.json /out/packages.json

# --- Of two packages what is used of them ---------------------------------------------------------------------------
# sshd for `serve` without the service that its package sets up, 24 MB with what that needs, and the certificates without
# openssl's commands. What scans images looks in status.d for packages that dpkg doesn't know.
FROM ${BASE_IMAGE} AS parts
RUN set -e; \
    apt-get update; \
    DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends ca-certificates; \
    cd /tmp; apt-get download openssh-server; dpkg-deb --extract openssh-server_*.deb sshd; \
    packages=/parts/var/lib/dpkg/status.d; \
    mkdir -p "$packages" /parts/usr/share/doc; \
    take() { cp -d --parents "$@" /parts/; md5sum "$@" >"$packages/$package.md5sums"; }; \
    package=openssh-server; dpkg-deb --field openssh-server_*.deb >"$packages/$package"; \
    cd /tmp/sshd; take usr/sbin/sshd usr/lib/openssh/sshd-session usr/lib/openssh/sshd-auth; \
    ln -s openssh-client "/parts/usr/share/doc/$package"; \
    package=ca-certificates; dpkg-query --status "$package" >"$packages/$package"; \
    cd /; take etc/ssl/certs/ca-certificates.crt usr/lib/ssl/cert.pem "usr/share/doc/$package/copyright"

# --- What the image holds -------------------------------------------------------------------------------------------
FROM ${BASE_IMAGE} AS contents
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends \
      libacl1 libatomic1 liblz4-1 libnss-wrapper libssl3t64 libwrap0 libwtmpdb0 libxxhash0 libzstd1 \
      openssh-client python3 tini \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt /var/cache/debconf/* /var/cache/ldconfig/aux-cache /var/log/* \
      /var/lib/dpkg/*-old /var/lib/wtmpdb/* /run/adduser /etc/*- \
 # No program may gain what its caller has not.
 && find / -xdev -type f -perm /6000 -exec chmod a-s {} + \
 && install -d -m 1777 /var/lib/borg-volume-sync
COPY --from=borg /opt/borg /opt/borg
COPY --from=parts /parts /
COPY --from=program /out/bin/node /usr/local/bin/node
COPY --from=program /out/program /opt/borg-volume-sync
COPY --from=program /out/licenses /usr/share/doc/borg-volume-sync/licenses
COPY LICENSE /usr/share/doc/borg-volume-sync/copyright
RUN ln -s /opt/borg/bin/borg /usr/local/bin/borg \
 && ln -s /opt/borg-volume-sync/main.js /usr/local/bin/borg-volume-sync

# --- Its SBOM: without one in which each file has its place there is no image ------------------------------------------
FROM ${BASE_IMAGE} AS base
RUN find / -xdev ! -type d >/tmp/base.txt

FROM contents AS inventory
ARG VERSION=0.1.0
ARG SOURCE_DATE_EPOCH=0
COPY --from=base /tmp/base.txt /inventory/
COPY --from=program /out/packages.json /inventory/
COPY scripts/sbom /inventory/sbom
RUN VERSION="$VERSION" SOURCE_DATE_EPOCH="$SOURCE_DATE_EPOCH" node /inventory/sbom/main.ts /inventory >/inventory/sbom.spdx.json

# --- The image ------------------------------------------------------------------------------------------------------
FROM contents
COPY --from=inventory /inventory/sbom.spdx.json /usr/share/doc/borg-volume-sync/sbom.spdx.json
ARG VERSION=0.1.0
ARG REVISION=
LABEL org.opencontainers.image.title="borg-volume-sync" \
      org.opencontainers.image.description="Keeps the emptyDir of a small stateful service in a Borg repository." \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.licenses="Apache-2.0"
EXPOSE 9942
# The program drops to USER_UID at once; the predecessor's pods have no securityContext, and a Secret of mode 0400.
USER root
ENTRYPOINT ["/usr/bin/tini", "--", "/usr/local/bin/borg-volume-sync"]
