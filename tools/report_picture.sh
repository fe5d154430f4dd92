#!/usr/bin/env bash
# Draws docs/report.png, the picture of a report that README shows:
#
#   tools/report_picture.sh SHOAL
#
# needs Chromium (Debian: chromium).
set -euo pipefail
shoal=$(realpath "$1")
picture=$(cd "$(dirname "$0")/.." && pwd)/docs/report.png
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
"$shoal" simulate zoo:mobilenet_v2 --board teensy41 --nodes 8 --ram 64K \
  --html report.html > simulate.txt
# The page draws for a moment at a time.
chromium --headless --no-sandbox --hide-scrollbars --window-size=1000,840 \
  --virtual-time-budget=10000 \
  --screenshot="$picture" "file://$folder/report.html" 2> chromium.txt
size=$(stat -c %s "$picture")
if ((size > 150000)); then
  echo "docs/report.png has $size bytes, more than 150,000" >&2
  exit 1
fi
