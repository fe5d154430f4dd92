#!/usr/bin/env bash
# Builds shoal, plans a small network for a few kilobytes and classifies
# pictures with it. Installs what it needs; works on a bare Debian 12.
set -euo pipefail
cd "$(dirname "$0")"
tools/setup.sh

build=build/demo
echo "building shoal (about a minute and a half on two cores) ..." >&2
cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release \
  -DBUILD_TESTING=OFF >/dev/null
ninja -C "$build" --quiet shoal make_demo
shoal=$build/host/cli/shoal
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$build"/tools/demo/make_demo "$work"

cat <<'TEXT'

shoal has no trained network of its own yet, so this demonstration builds a
small one by hand: it tells in which direction a picture is striped (input
96 x 96 x 3, uint8; see tools/demo/make_demo.cc).

TEXT
"$shoal" inspect "$work/stripes.tflite" | tail -n 4
echo
echo "The plan for the smallest arena:"
"$shoal" plan "$work/stripes.tflite" --objective ram
for picture in horizontal vertical rising falling plain; do
  echo
  echo "\$ shoal run stripes.tflite $picture.bmp --labels labels.txt --ram 3K"
  "$shoal" run "$work/stripes.tflite" "$work/$picture.bmp" \
    --labels "$work/labels.txt" --ram 3K --top 2
done
echo
echo "The same bytes as the plain interpreter, layer by layer:"
"$shoal" verify "$work/stripes.tflite" "$work"/*.bmp --ram 3K |
  sed "s|$work/||"
