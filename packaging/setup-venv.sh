#!/usr/bin/env bash
# Make a virtual environment with everything the program needs, or say in one sentence what is missing.
#   packaging/setup-venv.sh VENV EXTRAS
set -euo pipefail
venv=$1 extras=$2

fail() { echo "deepcam: $1" >&2; echo "$2" >&2; exit 1; }

# 3.11 and 3.12 first: their mediapipe (0.10.21) brings its networks, that of 3.13 and later does not (and on arm64 none does).
suits() { "$1" -c 'import sys; raise SystemExit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' 2>/dev/null; }
python=${PYTHON:-}
if [ -z "$python" ]; then
  for candidate in python3.11 python3.12 "$HOME"/.pyenv/versions/3.1[12].*/bin/python \
      python3.13 python3.14 python3 python "$HOME"/.pyenv/versions/3.1[34].*/bin/python; do
    if command -v "$candidate" >/dev/null 2>&1 && suits "$candidate"; then python=$candidate; break; fi
  done
fi
[ -n "$python" ] && suits "$python" || fail \
  "Python 3.11, 3.12, 3.13 or 3.14 was not found." \
  "On Debian and Ubuntu: sudo apt-get install python3 python3-venv. Elsewhere name one: make PYTHON=/path/to/python3.13."
"$python" -c 'import ensurepip, venv' 2>/dev/null || fail \
  "Python's venv module is missing." "Install it: sudo apt-get install python3-venv"

if [ ! -x "$venv/bin/python" ] || ! suits "$venv/bin/python"; then
  rm -rf "$venv"
  echo "Making the environment $venv with $("$python" --version) ..."
  "$python" -m venv "$venv"
fi
echo "Installing packages (about 700 MB on the first run) ..."
"$venv/bin/python" -m pip install -q --disable-pip-version-check -e ".[$extras]" || fail \
  "The packages could not be installed; the lines above say why." "Check the network and run make again."

# System libraries that wheels expect but do not bring.
"$venv/bin/python" - <<'PY' || exit 1
import os, sys
from deepcam.platform import qt
# Those of windows only where there is a screen; without one the camera and the files work.
missing = qt.lacking("xcb" if os.environ.get("DISPLAY") else "")
if missing:
    print("deepcam: System libraries are missing: " + ", ".join(missing) + ".", file=sys.stderr)
    print("Install them: " + qt.install_command(missing), file=sys.stderr)
    raise SystemExit(1)
PY
# Where mediapipe brings no networks they are fetched now; without a network it can be done later.
if "$venv/bin/python" -c 'from deepcam.runtime import vision; raise SystemExit(vision.installed() != vision.TASKS)'; then
  "$venv/bin/deepcam" setup --models || true
fi
touch "$venv/.installed"
