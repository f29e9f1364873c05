#!/bin/sh
# Builds the image with buildah, on a base that debootstrap makes: for machines that reach no image registry.
#   npm run image -- --tag NAME            on Debian trixie, made here once and kept in .cache/image
#   npm run image -- --no-cache …          everything but the base anew
#   BASE_IMAGE=… npm run image -- --tag NAME   on that base
# Images lie in .cache/image/storage: buildah --root .cache/image/storage images. What is in one, as files and with its
# description, lies in .cache/image/unpacked/NAME, where the image tests find it.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
cd "$root"
cache=$root/.cache/image
base=localhost/trixie-slim

say() { printf '%s\n' "$*" >&2; }

fail() {
  say "No image was built: $*"
  exit 1
}

cache_option=--layers
tag=borg-volume-sync:$(node -p 'require("./package.json").version')
while [ $# -gt 0 ]; do
  case $1 in
    --tag) tag=${2:?--tag needs a name}; shift 2 ;;
    --no-cache) cache_option=--no-cache; shift ;;
    *) fail "\"$1\" is no option: npm run image -- [--no-cache] --tag NAME" ;;
  esac
done

[ "$(id -u)" = 0 ] || fail 'debootstrap and buildah need root here; as another user, docker build . does the same.'
sh scripts/setup.sh image

run_buildah() { buildah --root "$cache/storage" --runroot "$cache/run" "$@"; }

# No manuals and translations, now or of what is installed later, as in docker.io/library/debian:trixie-slim. Licences stay.
slim() {
  cat >"$rootfs/etc/dpkg/dpkg.cfg.d/slim" <<'END'
path-exclude /usr/share/doc/*
path-include /usr/share/doc/*/copyright
path-exclude /usr/share/info/*
path-exclude /usr/share/locale/*
path-exclude /usr/share/man/*
END
  (cd "$rootfs/usr/share" && find doc -type f ! -name copyright -delete && rm -rf info/* locale/* man/*)
  (cd "$rootfs/var" && rm -rf cache/apt/* cache/debconf/*-old cache/ldconfig/* lib/apt/lists/* log/*)
}

make_base() {
  ! run_buildah inspect --type image "$base" >/dev/null 2>&1 || return 0
  say 'Making the base, Debian trixie'
  # debootstrap takes no directory whose path has a blank, as that of the checkout may have.
  rootfs=$(mktemp -d)
  trap 'rm -rf "$rootfs"' EXIT
  # The day of the last change of a password is written down: the same on each day.
  SOURCE_DATE_EPOCH=86400 debootstrap --variant=minbase trixie "$rootfs" >"$cache/debootstrap.log" 2>&1 ||
    fail 'debootstrap, see .cache/image/debootstrap.log'
  # Nothing of the machine that it was made on, nor what each container gets anew.
  rm -rf "$rootfs"/dev/* "$rootfs/etc/hostname" "$rootfs/etc/resolv.conf"
  slim
  container=$(run_buildah from scratch)
  # `buildah add` would make root the group of all.
  cp -a "$rootfs/." "$(run_buildah mount "$container")/"
  run_buildah unmount "$container" >/dev/null
  run_buildah commit --quiet --rm "$container" "$base" >/dev/null
}

mkdir -p "$cache"
if [ -z "${BASE_IMAGE-}" ]; then
  make_base
  BASE_IMAGE=$base
fi
say "Building $tag"
# On a directory that each base has: a mount leaves behind what it made to be on.
mkdir -p "$cache/certificates"
cp "${SSL_CERT_FILE:-/etc/ssl/certs/ca-certificates.crt}" "$cache/certificates/ca.crt"
run_buildah build --isolation chroot --network host "$cache_option" --file Dockerfile --tag "$tag" \
  --volume "$cache/certificates:/mnt:ro" --build-arg CA_FILE=/mnt/ca.crt \
  --build-arg "BASE_IMAGE=$BASE_IMAGE" --build-arg "VERSION=$(node -p 'require("./package.json").version')" \
  --build-arg "SOURCE_DATE_EPOCH=$(git log -1 --format=%ct 2>/dev/null || echo 0)" \
  --build-arg "REVISION=$(git rev-parse HEAD 2>/dev/null || true)" .

# Each image once: a container may be using the files. Those of images that have lost their name are dropped.
unpack() {
  id=$(run_buildah inspect --type image --format '{{.FromImageID}}' "$tag")
  unpacked=$cache/unpacked
  mkdir -p "$unpacked"
  if [ ! -d "$unpacked/$id" ]; then
    new=$(mktemp -d "$unpacked/new.XXXXXX")
    chmod 755 "$new"
    run_buildah inspect --type image "$tag" >"$new/image.json"
    run_buildah inspect --type image "$BASE_IMAGE" >"$new/base.json"
    container=$(run_buildah from --pull-never "$tag")
    cp -a "$(run_buildah mount "$container")" "$new/rootfs"
    run_buildah rm "$container" >/dev/null
    mv "$new" "$unpacked/$id"
  fi
  ln -sfn "$id" "$unpacked/$(printf %s "$tag" | tr / _)"
  for directory in "$unpacked"/*; do
    name=${directory##*/}
    [ -L "$directory" ] || find "$unpacked" -maxdepth 1 -lname "$name" | grep -q . || rm -rf "$directory"
  done
}

unpack
