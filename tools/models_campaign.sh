#!/usr/bin/env bash
# Public models: which of them run, and whether every plan of theirs is exact.
# FOLDER holds the files under any names; bench/models.tsv knows them by their
# SHA-256. Each is inspected, float ones are quantized with noise, and all are
# verified against the oracle on 1, 2, 4 and 8 nodes, encrypted, with a loss of
# 10 %, weights mapped and streamed. The result goes to the table and to
# measurements/public_models.csv; what is known of a model already is not run again, unless
# --again says so. One that takes over N minutes of CPU, 15 if not said, is
# skipped until it is given more.
#
#   tools/models_campaign.sh BUILD_DIR FOLDER [--again] [--minutes N]
#                            [--only SHA...]
set -euo pipefail

build=${1:?usage: tools/models_campaign.sh BUILD_DIR FOLDER [--again]}
folder=${2:?usage: tools/models_campaign.sh BUILD_DIR FOLDER [--again]}
exec python3 "$(dirname "$0")/models_campaign.py" \
  "$build/host/cli/shoal" "$folder" "${@:3}"
