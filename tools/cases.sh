#!/usr/bin/env bash
# Runs the small models of public reports in $SHOAL_SHARED/cases, whose results
# are those of TensorFlow Lite Micro and ONNX Runtime.
#   tools/cases.sh BUILD [WORD...]
#
# Only cases whose name has one of the WORDs are run; without words those of the
# kinds that shoal supports as a whole. What the others lack is in ROADMAP.md.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
shoal=$(realpath "${1:?usage: tools/cases.sh BUILD [WORD...]}")/host/cli/shoal
shift
cases=${SHOAL_SHARED:-$root/../shared}/cases
if [[ ! -f $cases/check.py ]]; then
  echo "skipped: $cases holds no cases" >&2
  exit 77
fi
[[ $# -gt 0 ]] || set -- 01_ 02_ 03_ 04_ 05_ 06_ 09_ 11_ 12_
# Debian's interpreter, which its package of numpy is for.
python=/usr/bin/python3
"$python" -c 'import numpy' 2>/dev/null || python=python3
"$python" "$cases/check.py" "$shoal" -v -t 100 "$@"
