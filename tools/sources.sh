#!/usr/bin/env bash
# Fetches the source packages that firmware is built from, with apt from the
# archives that this machine already uses, and unpacks them side by side:
#   tools/sources.sh [FOLDER]    default $SHOAL_SOURCES, else build/sources
# Archives that are there already are not fetched again. Nothing of the system
# changes: package lists lie in the folder, too.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
folder=${1:-${SHOAL_SOURCES:-$root/build/sources}}
packages=(mbedtls lwip)
mkdir -p "$folder"
cd "$folder"

missing=()
for package in "${packages[@]}"; do
  [[ -e $package ]] || missing+=("$package")
done
[[ ${#missing[@]} -eq 0 ]] && exit 0
echo "fetching sources: ${missing[*]}" >&2

# The machine's own archives, as archives of sources.
mkdir -p .apt/lists/partial .apt/archives/partial
rm -f .apt/*.sources .apt/*.list
for file in /etc/apt/sources.list.d/*.sources; do
  [[ -e $file ]] || continue
  sed 's/^Types:.*/Types: deb-src/' "$file" >".apt/$(basename "$file")"
done
for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
  [[ -e $file ]] || continue
  sed -n 's/^deb\([[:space:]]\)/deb-src\1/p' "$file" \
    >".apt/$(basename "$file")"
done
options=(-o "Dir::Etc::SourceList=/dev/null"
  -o "Dir::Etc::SourceParts=$PWD/.apt"
  -o "Dir::State::Lists=$PWD/.apt/lists"
  -o "Dir::Cache=$PWD/.apt" -o "Dir::Cache::archives=$PWD/.apt/archives"
  -o "APT::Sandbox::User=")
# An archive without sources is no harm if another has them.
apt-get "${options[@]}" -qq update || true
for package in "${missing[@]}"; do
  # Unpacked here: dpkg-source would want the packager's tools.
  rm -rf ".unpack-$package"
  mkdir ".unpack-$package"
  (cd ".unpack-$package" &&
    apt-get "${options[@]}" -qq --download-only source "$package" >/dev/null &&
    tar -xf ./*.orig.tar.* --strip-components=1 && rm -f ./*.tar.* ./*.dsc)
  mv ".unpack-$package" "$package"
done
rm -rf .apt
