"""The app on a real screen, with a real worker on a rendered film; does what standard input says.

Lines in: ``shot FILE`` (the screen), ``tray`` (where the icon is), ``state``, ``hide``, ``quit``.
One line comes back for each.
"""

import sys
from pathlib import Path

from PySide6.QtCore import QSocketNotifier
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from deepcam.app.endurance import Trial


def answer(app, line):
    word, _, rest = line.strip().partition(" ")
    if word == "shot":
        return str(QGuiApplication.primaryScreen().grabWindow(0).save(rest))
    if word == "tray":
        if app.tray is None:
            return "none"
        place = app.tray.geometry()
        return f"{place.center().x()} {place.center().y()} {place.width()}"
    if word == "state":
        on = app.controller.status().get("on")
        menu = app.tray is not None and app.tray.menu.isVisible()
        return f"on={on} window={app.preview.isVisible()} menu={menu}"
    if word == "hide":
        app.preview.close()
        return "hidden"
    QApplication.quit()
    return "quitting"


def main():
    application = QApplication(["deepcam"])
    with Trial(application, Path(sys.argv[1])) as trial:
        notifier = QSocketNotifier(sys.stdin.fileno(), QSocketNotifier.Type.Read)

        def read():
            line = sys.stdin.readline()
            print(answer(trial.app, line or "quit"), flush=True)

        notifier.activated.connect(read)
        print("ready", flush=True)
        application.exec()


if __name__ == "__main__":
    main()
