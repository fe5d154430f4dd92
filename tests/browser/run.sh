#!/usr/bin/env bash
# Looks at the pages that shoal writes in a real browser:
#
#   tests/browser/run.sh SHOAL [FOLDER]
#
# Screenshots go to FOLDER if there is one. Exits with 77, which CTest takes as
# skipped, where Chromium, Node or the modules are missing. To get these:
# `apt-get install chromium nodejs npm`, then `npm ci` in this folder.
set -euo pipefail
shoal=$(realpath "$1")
here=$(cd "$(dirname "$0")" && pwd)
shots=${2:+$(realpath -m "$2")}
skip() {
  echo "skipped: $1" >&2
  exit 77
}
command -v node > /dev/null || skip "node is missing"
browser=$(command -v chromium || command -v chromium-browser) ||
  skip "chromium is missing"
modules=${SHOAL_NODE_MODULES:-$here/node_modules}
[[ -d $modules/playwright-core && -d $modules/axe-core ]] ||
  skip "playwright-core and axe-core are missing: run npm ci in tests/browser"
folder=$(mktemp -d)
workers=()
trap '[[ ${#workers[@]} -eq 0 ]] || kill "${workers[@]}"; rm -rf "$folder"' EXIT
cd "$folder"
# A name that would be markup if a page did not escape it.
net='<img src=x onerror=alert(1)>.tflite'
cp "$here/../../models/fashion_mobilenet_v2.tflite" "$net"
cluster=(--board teensy41 --nodes 4 --ram 24K)
"$shoal" plan "$net" "${cluster[@]}" -o plan.json > /dev/null
"$shoal" simulate "$net" "${cluster[@]}" --timeline trace.json > /dev/null
"$shoal" report plan.json trace.json -o report.html > /dev/null
"$shoal" plan "$net" --board teensy41 --ram 24K -o alone.json > /dev/null
"$shoal" report plan.json alone.json -o two.html > /dev/null
"$shoal" plan "$net" --board teensy41 --pareto pareto.html > /dev/null
data=$here/../../models/samples
labels=$here/../../models/fashion_labels.txt
# Without labels the classes have other numbers, and answers are wrong.
"$shoal" evaluate "$net" "$data" --html evaluate.html > /dev/null
"$shoal" run "$net" "$data"/*/* --labels "$labels" "${cluster[@]}" \
  --html run.html > /dev/null
"$shoal" emulate "$net" random:1 --board mps2-an386 --html emulate.html \
  > /dev/null || rm -f emulate.html # without the emulator
"$shoal" study split "$net" --nodes 1,2 --strategies spatial --sizes "" \
  --html study.html > /dev/null
# A frame that three processes measured.
addresses=()
for n in 0 1 2; do
  "$shoal" worker --insecure --ram 64K --name "node$n" > "worker$n" 2> /dev/null &
  workers+=($!)
  until grep -qs listening "worker$n"; do sleep 0.05; done
  addresses+=("$(sed -n 's/^listening on //p' "worker$n")")
done
"$shoal" run "$net" random:1 --insecure --strategy spatial \
  --workers "$(IFS=, && echo "${addresses[*]}")" --html workers.html > /dev/null 2>&1
# A network of many layers on many nodes.
for n in 8 64; do
  large=(zoo:mobilenet_v2 random:1 --board teensy41 --nodes "$n" --ram 64K)
  "$shoal" simulate "${large[@]}" --html "mobilenet_$n.html" > /dev/null
done
[[ -z $shots ]] || mkdir -p "$shots"
node "$here/pages.mjs" "$modules" "$browser" "$shots" "$folder"/*.html
