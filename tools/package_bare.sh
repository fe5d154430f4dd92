#!/usr/bin/env bash
# A campaign: the Debian package of tools/package.sh on a bare system. A folder
# gets what debootstrap installs, then the package with what it depends on; in
# it, with an empty environment, the first tutorial's commands run and a board
# is emulated. Takes root, debootstrap and a mirror of Debian.
#   tools/package_bare.sh DEB DIR
set -euo pipefail
usage="usage: tools/package_bare.sh DEB DIR"
deb=$(realpath "${1:?$usage}") root=$(realpath -m "${2:?$usage}")
release=$(. /etc/os-release && echo "$VERSION_CODENAME")
[[ ! -e $root ]] || {
  echo "package_bare: $root is there already; give another folder" >&2
  exit 1
}
mirror=$(apt-get indextargets --format '$(SITE)' "Codename: $release" | sed -n 1p)
debootstrap --variant=minbase "$release" "$root" "$mirror" > /dev/null
cp /etc/resolv.conf /etc/hosts "$root/etc/"
# Emulators are found by /proc, which ends with the command.
inside() {
  unshare --fork --pid --mount-proc="$root/proc" chroot "$root" \
    /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
    DEBIAN_FRONTEND=noninteractive "$@"
}
inside apt-get -q update > /dev/null
cp "$deb" "$root/root/shoal.deb"
# With what it recommends: the emulators.
inside apt-get -qy install /root/shoal.deb python3-numpy > "$root/root/log"
share=/usr/share/shoal/models
model=$share/fashion_mobilenet_v2.tflite
bag=$share/samples/bag/0.png
run() { inside shoal "$@"; }
run inspect "$model" | grep operators > /dev/null
run run "$model" "$bag" --labels "$share/fashion_labels.txt" --ram 32K -o /root/run.bin |
  grep "bag$" > /dev/null
run simulate "$model" "$bag" --board teensy41 --nodes 4 |
  grep "byte for byte" > /dev/null
run emulate "$model" "$bag" --board mps2-an500 -o /root/board.bin > /dev/null
cmp "$root/root/run.bin" "$root/root/board.bin"
inside python3 -c "import shoal
print(shoal.load('$model').plan(ram='32K'))"
echo "runs on a bare $release"
