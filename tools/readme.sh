#!/usr/bin/env bash
# Runs the commands that README.md shows and compares what they print with
# what README says; `--update` writes it anew.
#   tools/readme.sh BUILD [--update]
#
# In a ```console block a line "$ command" is run and the lines up to the next
# command or the end of the block are its output. Between "<!-- $ command -->"
# and "<!-- end -->" stands the output of that command as Markdown. Lines with
# the word "measured", and all that a command ending in "# measured" prints,
# differ from run to run: they are written, but not compared.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
build=$(cd "$1" && pwd)
update=${2:-}
export PATH="$build/host/cli:$build/bench:$PATH"
export SHOAL_SHARED=${SHOAL_SHARED:-$root/../shared}
if [[ ! -d $SHOAL_SHARED/models ]]; then
  echo "skipped: $SHOAL_SHARED holds no models" >&2
  exit 77
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
# As the repository's root has them.
mkdir build
ln -s "$root/tools" tools
ln -s "$root/examples" examples
ln -s "$build" build/release

run() {
  case $1 in
    ./demo.sh | ./test.sh | *cmake* | *ninja* | *git\ * | cd\ *) return 1 ;;
  esac
  bash -o pipefail -c "$1" 2>&1 |
    sed -e "s|$SHOAL_SHARED|\$SHOAL_SHARED|g" -e 's/[[:space:]]*$//' || true
}

state=text
: >.new
while IFS= read -r line || [[ -n $line ]]; do
  case $state in
    text)
      echo "$line" >>.new
      [[ $line == '```console' ]] && state=console
      if [[ $line == '<!-- $ '*' -->' ]]; then
        command=${line#'<!-- $ '}
        command=${command%' -->'}
        run "$command" >>.new
        state=skip_markdown
      fi
      ;;
    console | skip_console)
      if [[ $line == '```' ]]; then
        echo "$line" >>.new
        state=text
      elif [[ $line == '$ '* ]]; then
        echo "$line" >>.new
        if run "${line#'$ '}" >.out; then
          cat .out >>.new
          state=skip_console
        else
          state=console
        fi
      elif [[ $state == console ]]; then
        echo "$line" >>.new
      fi
      ;;
    skip_markdown)
      if [[ $line == '<!-- end -->' ]]; then
        echo "$line" >>.new
        state=text
      fi
      ;;
  esac
done <"$root/README.md"

if [[ $update == --update ]]; then
  cp .new "$root/README.md"
  exit 0
fi
# What is measured anew each time is not compared.
stable() {
  awk '/# measured( -->)?$/ {print; skip = 1; next}
       /^<!-- end -->|^```|^\$ / {skip = 0}
       !skip && !/measured/' "$1"
}
diff -u <(stable "$root/README.md") <(stable .new) || {
  echo "README.md says something else; tools/readme.sh BUILD --update" >&2
  exit 1
}
