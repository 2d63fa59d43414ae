# Shared by the scripts in utils: set-up and build. Sourced, not run.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

step() { printf '\n== %s (%s)\n' "$1" "$(date +%H:%M:%S)"; }
die() {
  printf '%s: error: %s\n' "$(basename "$0")" "$1" >&2
  exit 2
}

# What the build and the tests need, as Debian 12 packages.
packages=(libmlir-22-dev mlir-22-tools llvm-22-dev llvm-22-tools clang-22 lld-22
  libclang-rt-22-dev clang-format-22 cmake ninja-build ccache libgtest-dev
  zlib1g-dev nlohmann-json3-dev libdlpack-dev python3 python3-venv
  python3-numpy)

# install_packages NAME...: installs those that are missing, as root or by sudo.
install_packages() {
  local missing=() name sudo=()
  if ! command -v dpkg-query >/dev/null; then
    die "this is no Debian system; install by hand what these Debian packages hold: $*"
  fi
  for name in "$@"; do
    dpkg-query -W -f '${Status}' "$name" 2>/dev/null | grep -q 'ok installed' || missing+=("$name")
  done
  if [ ${#missing[@]} -eq 0 ]; then
    echo "all ${#} packages are there"
    return
  fi
  echo "missing: ${missing[*]}"
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || die "not root and no sudo; ask an administrator for: ${missing[*]}"
    sudo=(sudo)
  fi
  "${sudo[@]}" apt-get update -qq || die "apt-get update failed"
  local unknown=()
  for name in "${missing[@]}"; do
    [ -n "$(apt-cache madison "$name" 2>/dev/null)" ] || unknown+=("$name")
  done
  if [ ${#unknown[@]} -gt 0 ]; then
    die "this distribution ($(. /etc/os-release 2>/dev/null && echo "${PRETTY_NAME:-unknown}")) lacks: ${unknown[*]} (Debian 12 has them)"
  fi
  "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \
    -o Dpkg::Use-Pty=0 "${missing[@]}" | grep -E '^(Setting up|Get:)' || true
  for name in "${missing[@]}"; do
    dpkg-query -W -f '${Status}' "$name" 2>/dev/null | grep -q 'ok installed' || die "could not install $name"
  done
}

# build PRESET [TARGET...]: configures and builds into build/PRESET.
build() {
  local preset=$1
  shift
  step "configure build/$preset"
  local log="$root/build/$preset-configure.log"
  mkdir -p "$root/build"
  if ! (cd "$root" && cmake --preset "$preset" >"$log" 2>&1); then
    tail -n 30 "$log" >&2
    die "cmake --preset $preset failed (all of it in $log)"
  fi
  step "build build/$preset"
  NINJA_STATUS='[%f/%t %es] ' cmake --build "$root/build/$preset" ${jobs:+-j "$jobs"} ${1:+--target "$@"} ||
    die "the build failed"
}
