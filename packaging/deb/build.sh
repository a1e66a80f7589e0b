#!/usr/bin/env bash
# Make dist/deepprivacy-cam_VERSION_ARCH.deb out of the bundle in dist/deepcam.
#   packaging/deb/build.sh [BUNDLE [FOLDER]]     another bundle, another place for the result
set -euo pipefail
cd "$(dirname "$0")/../.."
fail() { echo "deepcam: $1" >&2; echo "$2" >&2; exit 1; }
command -v dpkg-deb >/dev/null || fail "dpkg-deb is missing." "Run: sudo apt-get install dpkg-dev"
bundle=${1:-dist/deepcam} target=${2:-dist}
[ -x "$bundle/deepcam" ] || fail "There is no bundle in $bundle." "Run: make bundle"
version=$(sed -n 's/^__version__ = "\(.*\)"/\1/p' deepcam/__init__.py)
# Their versions are compared: 0.2.0rc1 comes before 0.2.0.
version=$(printf %s "$version" | sed -E 's/\.?(a|b|rc|dev)([0-9])/~\1\2/')
arch=$(dpkg --print-architecture)
id=io.github.deepprivacy_cam.App
umask 022
mkdir -p "$target"
root=$(mktemp -d "$target/.deb.XXXXXX")
trap 'rm -rf "$root"' EXIT
chmod 755 "$root"
mkdir -p "$root/DEBIAN" "$root/usr/lib/deepprivacy-cam" "$root/usr/bin"
mkdir -p "$root/usr/share/doc/deepprivacy-cam"
cp -a "$bundle/." "$root/usr/lib/deepprivacy-cam/"
ln -s ../lib/deepprivacy-cam/deepcam "$root/usr/bin/deepcam"
put() { install -D -m 644 "packaging/$1" "$root/$2"; }
put "linux/$id.desktop" "usr/share/applications/$id.desktop"
put "linux/$id.metainfo.xml" "usr/share/metainfo/$id.metainfo.xml"
put "linux/$id.svg" "usr/share/icons/hicolor/scalable/apps/$id.svg"
put "linux/$id.png" "usr/share/icons/hicolor/256x256/apps/$id.png"
put linux/deepprivacy-cam.service usr/lib/systemd/user/deepprivacy-cam.service
put linux/modules-load.conf usr/lib/modules-load.d/deepprivacy-cam.conf
put linux/modprobe.conf usr/lib/modprobe.d/deepprivacy-cam.conf
doc=$root/usr/share/doc/deepprivacy-cam
{ cat packaging/deb/copyright; sed 's/^$/./; s/^/ /' LICENSE | tail -n +2; } > "$doc/copyright"
gzip -9n < CHANGELOG.md > "$doc/NEWS.md.gz"
mkdir -p "$root/usr/share/man/man1"
gzip -9n < packaging/linux/deepcam.1 > "$root/usr/share/man/man1/deepcam.1.gz"
maintainer=$(sed -n 's/^Maintainer: //p' packaging/deb/control.in)
day=$(sed -n 's/.*<release version="[^"]*" date="\([^"]*\)".*/\1/p' "packaging/linux/$id.metainfo.xml" | head -1)
gzip -9n > "$doc/changelog.gz" <<END
deepprivacy-cam ($version) unstable; urgency=medium

  * What is new is in NEWS.md.gz beside this file.

 -- $maintainer  $(LC_ALL=C date -u -R -d "$day")
END
if [ -f dist/sbom.cdx.json ]; then install -m 644 dist/sbom.cdx.json "$doc/sbom.cdx.json"; fi
for script in postinst prerm postrm; do
  install -m 755 "packaging/deb/$script" "$root/DEBIAN/$script"
done
chmod -R u=rwX,go=rX "$root/usr/lib/deepprivacy-cam"

# The C library as it was at build time is the oldest that works. The 64-bit-time names came with
# Debian 13 and Ubuntu 24.04; the packages provide the same libraries.
glibc=$(ldd --version | sed -n '1s/.* //p')
depends="libc6 (>= $glibc), libstdc++6, libgcc-s1, libgl1, libegl1, libglib2.0-0 | libglib2.0-0t64"
depends="$depends, libxkbcommon0, libdbus-1-3, libfontconfig1, libfreetype6, libx11-6, libx11-xcb1"
depends="$depends, libxcb1, libxcb-randr0, libxcb-render0, libxcb-shape0, libxcb-shm0, libxcb-sync1"
depends="$depends, libxcb-xfixes0, libgssapi-krb5-2, libwayland-client0, libwayland-cursor0, libwayland-egl1, libdrm2, kmod"
size=$(du -sk --apparent-size "$root" | cut -f1)
sed -e "s|@VERSION@|$version|; s|@ARCH@|$arch|g; s|@SIZE@|$size|; s#@DEPENDS@#$depends#" \
  packaging/deb/control.in > "$root/DEBIAN/control"
compress=(-Zxz -z6 --threads-max=2)
[ "${DEEPCAM_DEB_COMPRESSION:-}" != none ] || compress=(-Znone)  # for trials: xz takes minutes
out=$target/deepprivacy-cam_${version}_$arch.deb
dpkg-deb --root-owner-group "${compress[@]}" --build "$root" "$out.part" >/dev/null
mv "$out.part" "$out"
ls -lh "$out" | awk '{print $NF, $5}'
