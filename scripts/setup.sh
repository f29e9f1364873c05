#!/bin/sh
# Sets up everything that `npm start`, `npm test`, `npm run lint` and `npm run bench` need, and nothing that is there
# already: Debian packages, Node 26 and the npm packages of the lock file, and two Borgs under .cache/:
#   .cache/bin/borg           the client: the `borg` on the path if it is 1.4.5 or a later 1.4, else .cache/borg-1.4
#   .cache/borg-1.2/bin/borg  the old server of the tests
#   sh scripts/setup.sh image   instead: the Debian packages that building and running the image takes
# As root on Debian or Ubuntu it installs what is missing; elsewhere it prints the line to type.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
cd "$root"
cache=$root/.cache
policy=/usr/sbin/policy-rc.d
mode=${1-}
policy_mark='# Written by scripts/setup.sh of borg-volume-sync while it installs packages; it may be deleted.'

say() { printf '%s\n' "$*" >&2; }

# The builds that were started are left to end.
fail() {
  say "Set-up failed: $*"
  wait
  exit 1
}

# quietly LOG COMMAND…: the command's output goes to a file, of which the essence is shown if the command fails: npm's
# own lines, which come before its help, or the end.
quietly() {
  log=$1
  shift
  ! "$@" >"$log" 2>&1 </dev/null || return 0
  if grep -qi '^npm err' "$log"; then grep -i '^npm err' "$log" | head -n 20 >&2; else tail -n 30 "$log" >&2; fi
  return 1
}

has() {
  for program; do
    command -v "$program" >/dev/null 2>&1 || [ -x "/usr/sbin/$program" ] || return 1
  done
}

any_file() {
  for file; do
    [ ! -e "$file" ] || return 0
  done
  return 1
}

# --- Packages -------------------------------------------------------------------------------------------------------

on_debian() { [ -e /etc/debian_version ] && has apt-get; }

is_root() { [ "$(id -u)" = 0 ]; }

# The system's Python, which has the headers of Debian's packages, before a version manager's.
python() {
  if [ -x /usr/bin/python3 ]; then /usr/bin/python3 "$@"; else python3 "$@"; fi
}

compiles() { printf '#include <stdio.h>\n' | cc -fsyntax-only -x c - 2>/dev/null; }

has_library() { pkg-config --exists "$1" 2>/dev/null; }

python_has_headers() {
  python -c 'import os, sys, sysconfig
sys.exit(not os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h")))' 2>/dev/null
}

# The Debian names of what the tests need and is not there …
missing_for_tests() {
  has sshd || echo openssh-server
  has ssh ssh-keygen || echo openssh-client
  has flock setpriv unshare || echo util-linux
  any_file /usr/lib/libnss_wrapper.so /usr/lib/*/libnss_wrapper.so /usr/lib64/libnss_wrapper.so || echo libnss-wrapper
}

# … and of what building a Borg needs.
missing_for_builds() {
  has python3 || echo python3
  python -c 'import ensurepip, venv' 2>/dev/null || echo python3-venv
  python_has_headers || echo python3-dev
  compiles || echo build-essential
  has pkg-config || echo pkg-config
  has_library libacl || echo libacl1-dev
  has_library liblz4 || echo liblz4-dev
  has_library libzstd || echo libzstd-dev
  has_library libxxhash || echo libxxhash-dev
  has_library openssl || echo libssl-dev
}

# What building the image without a registry takes, and running it without a container engine.
missing_for_image() {
  has buildah || echo buildah
  has debootstrap || echo debootstrap
  has runc || echo runc
}

missing_packages() {
  if [ "$mode" = image ]; then
    missing_for_image
    return
  fi
  missing_for_tests
  if ! server_ready || ! client_ready; then missing_for_builds; fi
}

# Keeps the packages from starting services (sshd), unless the machine has a policy of its own.
forbid_services() {
  if [ -e "$policy" ] && ! grep -qxF "$policy_mark" "$policy"; then return; fi
  trap allow_services EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 143' TERM
  printf '#!/bin/sh\n%s\nexit 101\n' "$policy_mark" >"$policy"
  chmod 755 "$policy"
}

allow_services() {
  trap - EXIT HUP INT TERM
  if grep -qsxF "$policy_mark" "$policy"; then rm -f "$policy"; fi
}

# The lock (file descriptor 9) is not for what a package may leave running.
apt() {
  DEBIAN_FRONTEND=noninteractive quietly "$cache/apt.log" apt-get -q -o DPkg::Lock::Timeout=300 "$@" 9>&-
}

can_install() { on_debian && is_root; }

ask_for_packages() {
  # shellcheck disable=SC2046 # One package a line.
  set -- $(missing_packages)
  [ $# -gt 0 ] || return 0
  on_debian || fail "install what Debian calls: $*. Then run this again."
  fail "packages are missing. Type: sudo apt-get install -y --no-install-recommends $*"
}

install_packages() {
  # shellcheck disable=SC2046
  set -- $(missing_packages)
  [ $# -gt 0 ] || return 0
  say "Installing packages: $*"
  forbid_services
  apt update || fail "apt-get update, see .cache/apt.log"
  apt install -y --no-install-recommends "$@" || fail "apt-get install, see .cache/apt.log"
  allow_services
  # shellcheck disable=SC2046
  set -- $(missing_packages)
  [ $# -eq 0 ] || fail "these packages are installed, but what is needed of them is not found: $*"
}

# sshd wants its directory, which on Debian only the service makes.
make_run_sshd() {
  [ -d /run/sshd ] || ! can_install || mkdir -m 755 /run/sshd
}

# --- npm packages and Node ------------------------------------------------------------------------------------------

npm_inputs() { cat package-lock.json .npmrc; }

npm_ready() { npm_inputs | cmp -s - node_modules/.set-up; }

is_node_26() {
  case $1 in v2[6-9].* | v[3-9]?.*) ;; *) return 1 ;; esac
}

node_ready() { is_node_26 "$(PATH=node_modules/.bin:$PATH node --version 2>/dev/null)"; }

# The path without what npm put before it: `npm ci` must not run on the Node that it replaces.
outer_path() {
  printf '%s' "$PATH" | tr : '\n' | grep -v -e '/node_modules/\.bin$' -e '/node-gyp-bin$' | paste -s -d : -
}

# npm leaves out optional packages whose `engines` are above the Node it runs on, as the parser of a linter may be, so
# `npm ci` runs on the lock file's Node 26, which is first installed alone.
fetch_node() {
  rm -rf "$cache/node"
  mkdir "$cache/node"
  node -e '
    const { writeFileSync } = require("node:fs")
    const locked = Object.entries(require("./package-lock.json").packages)
      .filter(([path]) => path.startsWith("node_modules/node-linux-"))
    const optionalDependencies = Object.fromEntries(locked.map(([path, { version }]) => [path.split("/")[1], version]))
    const root = { name: "node-alone", version: "0.0.0", optionalDependencies }
    const packages = { "": root, ...Object.fromEntries(locked) }
    writeFileSync(".cache/node/package.json", JSON.stringify(root))
    writeFileSync(".cache/node/package-lock.json",
      JSON.stringify({ name: root.name, version: root.version, lockfileVersion: 3, requires: true, packages }))'
  (cd "$cache/node" && quietly "$cache/node.log" npm ci --include=optional --no-audit --no-fund)
}

install_npm_packages() {
  ! npm_ready || return 0
  say 'Installing npm packages'
  rm -f node_modules/.set-up
  PATH=$(outer_path)
  if ! is_node_26 "$(node --version)"; then
    fetch_node || fail 'npm ci of Node 26, see .cache/node.log'
    PATH=$(printf '%s:' "$cache"/node/node_modules/node-linux-*/bin)$PATH
  fi
  quietly "$cache/npm.log" npm ci --include=dev --include=optional ||
    fail 'npm ci, see .cache/npm.log. If the lock file is out of date: npm install'
  rm -rf "$cache/node"
  npm_inputs >node_modules/.set-up
}

# npm 9 removes the link to the one node-linux-… when it leaves out the other.
link_node() {
  for file in node_modules/node-linux-*/bin/node; do
    [ ! -e "$file" ] || ln -sfn "../${file#node_modules/}" node_modules/.bin/node
  done
}

check_node() {
  node_ready || link_node
  node_ready || fail 'Node 26 is needed. On Linux with glibc, x64 or arm64, npm ci brings it; elsewhere put it on the path.'
}

# --- Borg -----------------------------------------------------------------------------------------------------------

# What a virtual environment was made from. It knows its own path and its Python, so it is remade when these change.
venv_inputs() {
  cat scripts/borg/tools.txt "scripts/borg/$1.txt"
  printf '%s\n' "$root"
  readlink -f "$cache/borg-$1/bin/python3"
}

venv_ready() { [ -x "$cache/borg-$1/bin/borg" ] && venv_inputs "$1" | cmp -s - "$cache/borg-$1/set-up"; }

make_venv() {
  venv=$cache/borg-$1
  rm -rf "$venv"
  python -m venv "$venv"
  "$venv/bin/pip" install --disable-pip-version-check --require-hashes --only-binary :all: -r scripts/borg/tools.txt
  # Without build isolation, for pip would fetch the tools of a build again, of any version.
  "$venv/bin/pip" install --disable-pip-version-check --require-hashes --no-deps --no-build-isolation \
    --no-binary borgbackup -r "scripts/borg/$1.txt"
  "$venv/bin/borg" --version
  venv_inputs "$1" >"$venv/set-up"
}

server_ready() { venv_ready 1.2; }

client_ready() { venv_ready 1.4 || path_borg >/dev/null; }

# The path of the `borg` on the path, if that is 1.4.5 or a later 1.4.
path_borg() {
  found=$(command -v borg) || return 1
  case $found in "$cache"/*) return 1 ;; esac
  version=$("$found" --version 2>/dev/null) || return 1
  patch=${version#borg 1.4.}
  [ "$patch" != "$version" ] || return 1
  [ "${patch%%[!0-9]*}" -ge 5 ] 2>/dev/null || return 1
  printf '%s\n' "$found"
}

client() { if venv_ready 1.4; then echo ../borg-1.4/bin/borg; else path_borg; fi; }

link_ready() { [ -x "$cache/bin/borg" ] && [ "$(readlink "$cache/bin/borg")" = "$(client)" ]; }

build_borg() { quietly "$cache/borg-$1.log" sh -eu "$0" venv "$1"; }

# Starts the builds that are needed; they outlive an interrupted set-up, but keep its lock until they end.
start_builds() {
  client_build='' server_build=''
  if ! client_ready; then
    say 'Building the Borg client, 1.4.5'
    build_borg 1.4 &
    client_build=$!
  fi
  if ! server_ready; then
    say 'Building the old Borg server, 1.2'
    build_borg 1.2 &
    server_build=$!
  fi
}

finish_builds() {
  [ -z "$client_build" ] || wait "$client_build" || fail 'building the Borg client, see .cache/borg-1.4.log'
  [ -z "$server_build" ] || wait "$server_build" || fail 'building the old Borg server, see .cache/borg-1.2.log'
  link_ready || ln -sfn "$(client)" "$cache/bin/borg"
}

# --- All of it ------------------------------------------------------------------------------------------------------

all_there() { link_ready && server_ready && npm_ready && node_ready && [ -z "$(missing_for_tests)" ]; }

lock() {
  mkdir -p "$cache/bin"
  exec 9>"$cache/setup.lock"
  if ! has flock || flock -n 9; then return; fi
  say 'Waiting for the set-up that is running in this directory'
  flock 9
}

if [ "$mode" = venv ]; then
  make_venv "$2"
  exit
fi

if [ "$mode" = image ]; then
  [ -n "$(missing_packages)" ] || exit 0
  can_install || ask_for_packages
  lock
  install_packages
  exit
fi

make_run_sshd
! all_there || exit 0
can_install || ask_for_packages
lock
! can_install || install_packages
start_builds
install_npm_packages
check_node
finish_builds
