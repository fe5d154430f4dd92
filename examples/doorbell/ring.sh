#!/usr/bin/env bash
# Nine emulated boards, a model over eight of them, a picture on the ninth one.
# Prints what that says for the given number of frames (2).
#
#   examples/doorbell/ring.sh build/plain/host/cli/shoal [FRAMES]
set -euo pipefail
shoal=$(realpath "$1")
frames=${2:-2}
root=$(realpath "$(dirname "$0")/../..")
work=$(mktemp -d)
trap 'kill "$boards" 2>/dev/null || true; wait || true; rm -rf "$work"' EXIT
cd "$work"
touch said
"$shoal" keygen -o bell.key > /dev/null

# Flashed with a name and the key each; they run until this script ends.
"$shoal" emulate --board emcraft-sf2 --nodes 9 --serve --key bell.key > said &
boards=$!
until [ "$(wc -l < said)" -ge 9 ]; do
  kill -0 "$boards"
  sleep 0.1
done
eight=$(head -n 8 said | cut -d' ' -f2 | paste -sd,)
bell=$(sed -n 9p said | cut -d' ' -f2)

# The last thing that a computer does.
"$shoal" deploy "$root/models/fashion_mobilenet_v2.tflite" --workers "$eight" \
  --key bell.key --node-timeout 60 --leader "$bell" --every 2 --strategy spatial \
  --picture "$root/models/samples/bag/0.png" \
  --labels "$root/models/fashion_labels.txt" > deployed 2> log || {
  code=$?
  cat log >&2
  exit "$code"
}

# A frame every two seconds.
most=$((SECONDS + 120 + 4 * frames))
until [ "$(grep -c ': class ' said)" -ge "$frames" ]; do
  kill -0 "$boards"
  sleep 0.1
  [ "$SECONDS" -lt "$most" ] || {
    echo "no $frames frames within $SECONDS s; the boards said:" >&2
    cat said log >&2
    exit 6
  }
done
grep ': class ' said | head -n "$frames"
