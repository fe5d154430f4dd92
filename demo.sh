#!/usr/bin/env bash
# Builds shoal and runs the bundled network on eight small nodes, which are
# processes that talk over UDP. Installs what it needs; works on a bare
# Debian 12. Shows the pictures as text and as the page build/plain/demo.html.
#   ./demo.sh            RAM=32K ./demo.sh for larger nodes
set -euo pipefail
cd "$(dirname "$0")"
tools/setup.sh
. tools/start_workers.sh

build=build/plain
echo "building shoal (a few minutes on two cores, the first time) ..." >&2
cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release \
  -DBUILD_TESTING=OFF -DSHOAL_BUNDLE=ON >/dev/null
quiet=--quiet
[[ ! -t 1 ]] || quiet=  # a terminal shows how far it is
ninja -C "$build" $quiet shoal show_demo
shoal=$build/host/cli/shoal
model=models/fashion_mobilenet_v2.tflite
labels=models/fashion_labels.txt
ram=${RAM:-16K}
nodes=8

work=$(mktemp -d)
finish() {
  stop_workers
  rm -rf "$work"
}
trap finish EXIT

echo
echo "\$ shoal plan $model --nodes $nodes --ram $ram"
plan=(plan "$model" --nodes "$nodes" --ram "$ram")
"$shoal" "${plan[@]}" -o "$work/plan.json" | sed -n "1,$((nodes + 2))p"
"$shoal" plan "$model" --objective ram --json >"$work/single.json"
"$shoal" inspect "$model" --json >"$work/inspect.json"

"$shoal" keygen -o "$work/key" >/dev/null
start_workers "$shoal" "$nodes" "$ram" "$work" --key "$work/key"
echo
echo "$nodes workers of $ram on ${addresses[*]}"
echo
pictures=(models/samples/*/*.png)
run=(run "$model" "${pictures[@]}" --labels "$labels" --top 1 --json)
"$shoal" "${run[@]}" --workers "$(IFS=,; echo "${addresses[*]}")" \
  --key "$work/key" >"$work/many.json"
"$shoal" "${run[@]}" >"$work/one.json"
"$build"/tools/demo/show_demo "$work" "$build/demo.html" "${pictures[@]}"
echo "as a page: $build/demo.html"
echo "the tool: $shoal"
