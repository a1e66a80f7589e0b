#!/usr/bin/env bash
# Start what was built, as its users will: a wheel, the bundle, the Debian package.
#   packaging/check.sh wheel    in a folder of its own, with the libraries of .venv (CI does this)
#   packaging/check.sh venv     in a fresh environment, with everything from PyPI
#   packaging/check.sh bundle   dist/deepcam, the app's window too where there is xvfb-run
#   packaging/check.sh deb      installed by apt in a bare Debian chroot and purged (root, network)
# DEEPCAM_SUITE names another release than the one of this machine for the chroot.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
fail() { echo "deepcam: $1" >&2; echo "${2:-}" >&2; exit 1; }
work=$(mktemp -d)
leave() { rm -rf "$work"; }
trap leave EXIT
export HOME=$work/home XDG_CONFIG_HOME=$work/home/.config XDG_DATA_HOME=$work/home/.local/share
export XDG_CACHE_HOME=$work/home/.cache XDG_RUNTIME_DIR=$work/run
mkdir -p -m 700 "$HOME" "$XDG_RUNTIME_DIR"

newest() {
  local found
  found=$(ls -t dist/$1 2>/dev/null | head -1)
  [ -n "$found" ] || fail "There is no $1 in dist." "Run: make $2"
  echo "$root/$found"
}

# One second of a person who does not exist.
clip() {
  .venv/bin/python -c "
from pathlib import Path
from deepcam.showcase.demo import render
render(Path('$work/clip.mp4'), (480, 270), 24)"
}

# What every package must be able to do. Arguments: how the program is started.
works() {
  local version said generated
  version=$(cd "$work" && "$@" --version)
  grep -q "\"$version\"" deepcam/__init__.py || fail "It says that it is version '$version'."
  (cd "$work" && "$@" doctor --json) > "$work/doctor.json" || true  # 1: no camera here
  for found in models tracker; do
    .venv/bin/python - "$work/doctor.json" "$found" <<'PY' || fail "The doctor: $found is not well."
import json, sys
findings = json.load(open(sys.argv[1]))["findings"]
found = next(f for f in findings if f["name"] == sys.argv[2])
print("   doctor:", found["reason"])
raise SystemExit(found["state"] != "ok")
PY
  done
  rm -f "$work/out.mp4"
  said=$(cd "$work" && "$@" anonymize clip.mp4 -o out.mp4 --json)
  [ -s "$work/out.mp4" ] || fail "No film was written: $said"
  generated=$(echo "$said" | .venv/bin/python -c 'import json, sys; print(json.load(sys.stdin)["generated"])')
  [ "$generated" = 24 ] || fail "Of 24 frames, $generated were generated."
  echo "   version $version, 24 of 24 frames generated"
}

# The camera without a device: worker process, ring, sender.
runs() {
  (cd "$work" && "$@" run --source clip.mp4 --loop --output null --size 480x270 \
    --seconds 60 --json) > "$work/run.json"
  .venv/bin/python - "$work/run.json" <<'PY' || fail "run generated nothing." "$(cat "$work/run.json")"
import json, sys
measured = json.load(open(sys.argv[1]))["measured"]
print("   run:", {k: measured[k] for k in ("sent", "generated", "card", "fps_sent", "fps_fresh")})
raise SystemExit(not measured["generated"])
PY
}

case ${1:-} in
wheel)
  wheel=$(newest '*.whl' wheel)
  [ "$(stat -c %s "$wheel")" -lt 30000000 ] || fail "The wheel has grown to more than 30 MB."
  .venv/bin/python -m pip install -q --disable-pip-version-check --no-deps --target "$work/site" "$wheel"
  clip
  export PYTHONPATH=$work/site
  from=$(cd "$work" && "$root/.venv/bin/python" -c 'import deepcam; print(deepcam.__file__)')
  case $from in "$work"/*) ;; *) fail "Not the wheel was started but $from." ;; esac
  works "$root/.venv/bin/python" -m deepcam.cli
  ;;
venv)
  wheel=$(newest '*.whl' wheel)
  clip
  .venv/bin/python -m venv "$work/venv"
  "$work/venv/bin/pip" install -q --disable-pip-version-check "$wheel"
  works "$work/venv/bin/deepcam"
  runs "$work/venv/bin/deepcam"
  du -sm "$work/venv" | awk '{print "   the environment has", $1, "MB"}'
  ;;
bundle)
  program=$root/dist/deepcam/deepcam
  [ -x "$program" ] || fail "There is no bundle in dist/deepcam." "Run: make bundle"
  clip
  works "$program"
  runs "$program"
  # As pkexec and sudo start it: a job that is none is refused, in JSON, and nothing is written.
  said=$(cd / && env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin "$program" setup --root-job \
    '{"write": {"etc/passwd": ""}, "remove": [], "steps": []}' || true)
  case $said in *'not a job of deepcam setup'*) echo "   root's job: refused as it must be" ;;
    *) fail "Root's job answered: $said" ;; esac
  if command -v xvfb-run >/dev/null; then
    code=0
    (cd "$work" && timeout 20 xvfb-run -a "$program") > "$work/app.log" 2>&1 || code=$?
    [ "$code" = 124 ] || fail "The app ended with $code: $(tail -3 "$work/app.log")"
    ! grep -q Traceback "$work/app.log" || fail "The app: $(tail -3 "$work/app.log")"
    echo "   app: 20 s on a virtual screen"
  fi
  ;;
deb)
  deb=$(newest '*.deb' deb)
  [ "$(id -u)" = 0 ] || fail "A chroot needs root." "Run: sudo packaging/check.sh deb"
  suite=${DEEPCAM_SUITE:-$(. /etc/os-release && echo "$VERSION_CODENAME")}
  clip
  room=$work/room
  leave() { for m in proc dev; do umount -q "$room/$m" || true; done; rm -rf --one-file-system "$work"; }
  bare=build/debian-$suite.tar  # kept: it takes minutes
  if [ ! -f "$bare" ]; then
    debootstrap --variant=minbase "$suite" "$room" http://deb.debian.org/debian >"$work/log" 2>&1 ||
      fail "debootstrap failed." "$(tail -3 "$work/log")"
    tar -C "$room" --one-file-system -cf "$bare.part" . && mv "$bare.part" "$bare"
  else
    mkdir "$room" && tar -C "$room" -xf "$bare"
  fi
  mount -t proc proc "$room/proc"
  mkdir -p "$room/tmp/io"
  cp "$deb" "$room/tmp/package.deb"
  cp "$work/clip.mp4" "$room/tmp/io"
  inside() { env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/tmp/io/home LANG=C.UTF-8 \
    DEBIAN_FRONTEND=noninteractive chroot "$room" "$@"; }
  listing() { (cd "$room" && find . -xdev \( -path ./proc -o -path ./tmp -o -path ./var/lib/dpkg -o \
    -path ./var/lib/apt -o -path ./var/cache -o -path ./var/log -o -path ./dev \) -prune -o -print |
    grep -v __pycache__ | sort); }
  apt() { inside apt-get -qq -o Dpkg::Use-Pty=0 "$@" >>"$work/log" 2>&1 || fail "apt-get $*" "$(tail -5 "$work/log")"; }
  apt update
  # What it depends on first, so that the lists before and after differ by the package alone.
  inside sh -c "dpkg-deb -f /tmp/package.deb Depends" > "$work/depends"
  apt satisfy -y --no-install-recommends "$(cat "$work/depends")"
  listing > "$work/before"
  apt install -y --no-install-recommends /tmp/package.deb
  inside dpkg -s deepprivacy-cam | grep -q '^Status: install ok installed' || fail "It is not installed."
  echo "   installed by apt on $suite"
  inside dpkg --verify deepprivacy-cam
  in_room() { inside env -C /tmp/io deepcam "$@"; }
  in_room --version >/dev/null
  in_room doctor > "$work/doctor" || true
  grep -E '^(ok|warn|fail)' "$work/doctor" | cut -c1-110 | sed 's/^/   /'
  grep -Eq '^ok +models' "$work/doctor" || fail "The doctor does not find the models."
  in_room anonymize clip.mp4 -o out.mp4 --json > "$work/said"
  grep -Eq '"generated": ?24' "$work/said" || fail "anonymize said: $(cat "$work/said")"
  [ -s "$room/tmp/io/out.mp4" ] || fail "No film was written."
  echo "   24 of 24 frames generated"
  # As pkexec starts it: written by root's job, taken away by the purge.
  mark=$(sed -n "s/^MARKER = '\(.*\)'$/\1/p" deepcam/platform/rootjob.py)
  job=$(.venv/bin/python -c 'import json, sys
print(json.dumps({"write": {"etc/modules-load.d/deepprivacy-cam.conf": sys.argv[1] + "\nv4l2loopback\n"},
                  "remove": [], "steps": []}))' "$mark")
  inside deepcam setup --root-job "$job" > "$work/job" || fail "Root's job failed: $(cat "$work/job")"
  [ -s "$room/etc/modules-load.d/deepprivacy-cam.conf" ] || fail "Root's job wrote nothing."
  echo "   root's job: $(cat "$work/job")"
  apt remove -y deepprivacy-cam
  [ ! -e "$room/usr/lib/deepprivacy-cam" ] || fail "Removing left /usr/lib/deepprivacy-cam."
  apt purge -y deepprivacy-cam
  listing > "$work/after"
  diff "$work/before" "$work/after" || fail "Purging left or took something (above)."
  echo "   purged without a trace"
  ;;
*) sed -n 2,7p "$0" >&2; exit 2 ;;
esac
echo "$1 passed"
