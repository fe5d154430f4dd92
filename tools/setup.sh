#!/usr/bin/env bash
# Installs what shoal is built with from Debian 12's packages, those that are
# missing only. Needs root (or sudo) if any is missing. With "tests" it also
# fetches the sources that firmware is built from (tools/sources.sh), with
# "train" what tools/train needs.
set -euo pipefail
packages=(g++ cmake ninja-build flatbuffers-compiler libflatbuffers-dev
  libcli11-dev libtomlplusplus-dev nlohmann-json3-dev libfmt-dev libmbedtls-dev libstb-dev
  zlib1g-dev libpng-dev libwebp-dev libexif-dev libzip-dev libonnx-dev libprotobuf-dev
  libmimalloc-dev libcpp-httplib-dev libssl-dev libmosquitto-dev libjs-chart.js)
# The tests need these as well.
[[ "${1:-}" == tests ]] && packages+=(libgtest-dev librapidcheck-dev clang-14
  libclang-rt-14-dev lld-14 clang-format-14 doxygen git python3 gcc-arm-none-eabi
  libnewlib-arm-none-eabi libstdc++-arm-none-eabi-newlib qemu-system-arm
  gcc-riscv64-unknown-elf picolibc-riscv64-unknown-elf qemu-system-misc
  libopenmpi-dev openmpi-bin python3-mpi4py procps pkgconf liblwip-dev ccache make python3-numpy python3-dev pybind11-dev mkdocs spin dpkg-dev
  mosquitto openssl libbearssl-dev)
if [[ "${1:-}" == train ]]; then
  packages+=(python3-torch python3-numpy espeak-ng)
  command -v npm >/dev/null || packages+=(npm)
fi
missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null |
    grep -q 'install ok installed' || missing+=("$package")
done
if [[ ${#missing[@]} -gt 0 ]]; then
  echo "installing: ${missing[*]}" >&2
  root=()
  [[ $(id -u) -eq 0 ]] || root=(sudo)
  "${root[@]}" apt-get update -qq
  DEBIAN_FRONTEND=noninteractive "${root[@]}" apt-get install -y -qq \
    --no-install-recommends "${missing[@]}" >/dev/null
fi
[[ "${1:-}" != tests ]] || "$(dirname "$0")/sources.sh"
