#!/usr/bin/env bash
# Formatting, file sizes, arrows, and the tests that SECURITY.md names:
# clang-format leaves every source as it is, no file has more than 600 lines,
# folders include what CMake links them to, no two types have one name, files reach
# the headers of the types that they name, comments are sentences, the public
# headers are documented, and adding an operator takes the files that CONTRIBUTING
# lists.
set -euo pipefail
cd "$(dirname "$0")/.."
# A file with @WORDS@ outside of strings is no C++ before it is filled in.
mapfile -t sources < <(git ls-files '*.cc' '*.h' '*.c' '*.cpp' '*.hpp' \
  ':!host/export/templates/node/*arduino*.cpp' \
  ':!host/export/templates/app/main_stm32.cpp' \
  ':!host/export/templates/app/program.c')
printf '%s\n' "${sources[@]}" |
  xargs -n 100 -P "$(nproc)" clang-format-14 --dry-run -Werror
long=$(git ls-files '*.cc' '*.h' '*.cpp' '*.c' '*.hpp' '*.py' '*.sh' '*.md' \
  '*.txt' '*.cmake' |
  xargs wc -l | awk '$2 != "total" && $1 > 600')
if [[ -n $long ]]; then
  echo "over 600 lines:" >&2
  echo "$long" >&2
  exit 1
fi
# Files are read and written by host/base/files.h (stores and journals piece by
# piece), what verbs say goes through host/cli/output.h
# (but the progress of evaluate, which is numbers alone).
direct=$(git grep -lE 'std::[io]?fstream|fopen\(|parse_file\(' -- host \
  ':!*_test.cc' ':!*/testing/*' ':!host/program/store' || true)
direct+=$(git grep -lE 'std::(printf|puts|fputs|cout|cerr|fprintf)\b' -- \
  host/cli ':!host/cli/output.cc' ':!host/cli/evaluate_report.cc' || true)
if [[ -n $direct ]]; then
  echo "not by host/base/files.h or host/cli/output.h:" >&2
  echo "$direct" >&2
  exit 1
fi
tools/check_arrows.py
tools/check_comments.py
tools/check_names.py
tools/check_includes.py
tools/check_operator.py
tools/check_reference.sh
tools/check_promises.py
tools/measurements.py --check
