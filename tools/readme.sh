#!/usr/bin/env bash
# Runs the commands that README.md and the pages below docs/ show and compares what
# they print with what the pages say; `--update` writes them anew.
#   tools/readme.sh BUILD [--update] [PAGE...]
#
# In a ```console block a line "$ command" is run and the lines up to the next
# command or the end of the block are its output. Between "<!-- $ command -->"
# and "<!-- end -->" stands the output of that command as Markdown. Lines with
# the word "measured", and all that a command ending in "# measured" prints,
# differ from run to run, as rates of progress do: they are written, but not compared;
# such a command is run for `--update` alone. Lines that say that a search goes on
# are left out: whether they appear depends on the machine.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
build=$(cd "$1" && pwd)
shift
update=no
if [[ ${1:-} == --update ]]; then
  update=yes
  shift
fi
cd "$root"
pages=("$@")
if [[ $# -eq 0 ]]; then
  mapfile -t pages < <(printf '%s\n' README.md; find docs -name '*.md' | sort)
fi
export PATH="$build/host/cli:$build/bench:$PATH"
export SHOAL_SHARED=${SHOAL_SHARED:-$root/../shared}
if [[ ! -d $SHOAL_SHARED/models ]]; then
  echo "skipped: $SHOAL_SHARED holds no models" >&2
  exit 77
fi
! command -v ccache >/dev/null || export LAUNCHER=ccache  # of exports' Makefiles
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
# As the repository's root has them.
mkdir build
ln -s "$root/tools" tools
ln -s "$root/examples" examples
ln -s "$root/models" models
ln -s "$root/host" host
ln -s "$build" build/release
# Lines are as long on every machine as with the name that pages print.
ln -s "$(cd "$SHOAL_SHARED" && pwd)" .shoal_shared
SHOAL_SHARED=.shoal_shared
export XDG_CACHE_HOME=$work/.cache  # as a user has it, and empty at first

run() {
  case $1 in
    ./demo.sh | ./test.sh | *cmake* | *ninja* | *git\ * | cd\ *) return 1 ;;
    *'# measured') [[ $update == yes ]] || return 1 ;;
  esac
  bash -o pipefail -c "$1" 2>&1 </dev/null |
    sed -e 's|\.shoal_shared|$SHOAL_SHARED|g' -e 's/[[:space:]]*$//' \
      -e '/^planning: [0-9,]* plans tried/d' || true
}

# The page on standard input as its commands make it today.
replay() {
  local line command state=text
  while IFS= read -r line || [[ -n $line ]]; do
    case $state in
      text)
        echo "$line"
        [[ $line == '```console' ]] && state=console
        if [[ $line == '<!-- $ '*' -->' ]]; then
          command=${line#'<!-- $ '}
          command=${command%' -->'}
          if run "$command"; then
            state=skip_markdown
          fi
        fi
        ;;
      console | skip_console)
        if [[ $line == '```' ]]; then
          echo "$line"
          state=text
        elif [[ $line == '$ '* ]]; then
          echo "$line"
          if run "${line#'$ '}" >.out; then
            cat .out
            state=skip_console
          else
            state=console
          fi
        elif [[ $state == console ]]; then
          echo "$line"
        fi
        ;;
      skip_markdown)
        if [[ $line == '<!-- end -->' ]]; then
          echo "$line"
          state=text
        fi
        ;;
    esac
  done
}

# Figures that are measured anew each time are not compared.
stable() {
  awk '/# measured( -->)?$/ {print; skip = 1; next}
       /^<!-- end -->|^```|^\$ / {skip = 0}
       !skip && !/measured/ && !/ frames\/s$/ && !/^planning: /' "$1"
}
status=0
for page in "${pages[@]}"; do
  replay <"$root/$page" >.new
  if [[ $update == yes ]]; then
    cp .new "$root/$page"
  elif ! diff -u --label "$page" --label "$page today" \
    <(stable "$root/$page") <(stable .new); then
    status=1
  fi
done
[[ $status -eq 0 ]] ||
  echo "pages say something else; tools/readme.sh BUILD --update" >&2
exit $status
