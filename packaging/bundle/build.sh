#!/usr/bin/env bash
# Build the one-folder bundle dist/deepcam (on Linux and macOS; on Windows in Git's bash).
#   packaging/bundle/build.sh [PYTHON]        DEEPCAM_ONNXRUNTIME=onnxruntime-gpu for NVIDIA cards
set -euo pipefail
cd "$(dirname "$0")/../.."
fail() { echo "deepcam: $1" >&2; echo "$2" >&2; exit 1; }
runtime=${DEEPCAM_ONNXRUNTIME:-onnxruntime}
venv=build/bundle-venv

# mediapipe 0.10.21, whose networks are in its package, needs 3.11 or 3.12; PyInstaller a libpython.
suits() {
  "$1" -c 'import sys, sysconfig
shared = sysconfig.get_config_var("Py_ENABLE_SHARED") or sysconfig.get_config_var("PYTHONFRAMEWORK")
bad = sys.version_info[:2] not in ((3, 11), (3, 12)) or (sys.platform != "win32" and not shared)
raise SystemExit(bad)' 2>/dev/null
}
python=${1:-${PYTHON:-}}
if [ -z "$python" ]; then
  for candidate in python3.11 python3.12 "$HOME"/.pyenv/versions/3.1[12].*/bin/python python3 python; do
    if command -v "$candidate" >/dev/null 2>&1 && suits "$candidate"; then python=$candidate; break; fi
  done
fi
[ -n "$python" ] && suits "$python" || fail \
  "No Python 3.11 or 3.12 with a shared library was found." \
  "Install one (pyenv: PYTHON_CONFIGURE_OPTS=--enable-shared pyenv install 3.11) or name it: make PYTHON=/path bundle"

echo "Installing what goes into the bundle ..."
[ -x "$venv/bin/python" ] || [ -x "$venv/Scripts/python.exe" ] || "$python" -m venv "$venv"
inner=$venv/bin/python; [ -x "$inner" ] || inner=$venv/Scripts/python.exe
pip() { "$inner" -m pip --disable-pip-version-check -q "$@"; }
pip install -r packaging/bundle/requirements.txt "$runtime>=1.20" pyinstaller
pip install --no-deps 'mediapipe==0.10.21'
rm -rf build/bundle-wheel
pip wheel --no-deps -w build/bundle-wheel .
pip install --no-deps --force-reinstall build/bundle-wheel/*.whl

echo "Building dist/deepcam ..."
"$inner" -m PyInstaller --noconfirm --clean --log-level WARN \
  --distpath dist --workpath build/pyinstaller packaging/bundle/deepcam.spec
found=$(find dist/deepcam -name 'torch*' -o -name 'jaxlib*' -o -name 'matplotlib*' | head -1)
[ -z "$found" ] || fail "The bundle holds $found." "Exclude it in packaging/bundle/deepcam.spec."
du -sh dist/deepcam
