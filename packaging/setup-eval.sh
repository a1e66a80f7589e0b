#!/usr/bin/env bash
# Put the recognizer that attacks in the evaluation into a virtual environment.
#   packaging/setup-eval.sh VENV
# face_recognition asks for dlib, which would be compiled; dlib-bin is the same with wheels. Its
# models package still needs pkg_resources, which setuptools 81 and later do not have.
set -euo pipefail
venv=$1
stamp=$venv/.recognizer
if ! "$venv/bin/python" -W ignore -c "import face_recognition" 2>/dev/null; then
  echo "Installing the recognizer for the evaluation (about 130 MB) ..."
  if ! { "$venv/bin/python" -m pip install -q --disable-pip-version-check \
           "setuptools<81" dlib-bin face_recognition_models pillow click \
         && "$venv/bin/python" -m pip install -q --disable-pip-version-check --no-deps face_recognition; }; then
    echo "deepcam: The recognizer could not be installed; the lines above say why." >&2
    echo "Check the network and run make eval-smoke again." >&2
    exit 1
  fi
  "$venv/bin/python" -W ignore -c "import face_recognition" || {
    echo "deepcam: The recognizer was installed but does not start." >&2
    echo "Remove $venv and run make eval-smoke again." >&2
    exit 1
  }
fi
touch "$stamp"
