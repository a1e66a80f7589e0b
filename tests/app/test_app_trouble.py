"""What stands in the way of a picture is told in one sentence, with one button that helps."""

import os

import pytest

pytest.importorskip("PySide6", reason="the app needs PySide6-Essentials")

from dataclasses import replace
from typing import ClassVar

from test_app_gallery import person, windows_end  # noqa: F401
from test_app_main import FakeSession, until

from deepcam.app import guidance
from deepcam.app.first_run import CAMERA, OUTPUT
from deepcam.app.main import App, live
from deepcam.app.outlook import Outlook
from deepcam.app.settings import Settings, SettingsFile
from deepcam.app.trouble import PATIENCE, Banner, Trouble
from deepcam.errors import DeepcamError
from deepcam.identity.gallery import Gallery
from deepcam.models.fetch import MISSING

FINE = {"running": True, "on": True, "showing": "generated", "problem": "", "camera_problem": ""}
SEEN = Settings(first_run_done=True)
TAKEN = 'The camera "Cam" is used by zoom (process 7).'


@pytest.fixture
def banner(qt):
    made = Banner(lambda: made.now)
    made.now = 0.0
    return made


def test_nothing_wrong_shows_nothing(banner):
    assert not banner.watch(FINE, "", "")
    assert banner.isHidden()


@pytest.mark.parametrize(
    ("status", "problem", "lack", "trouble"),
    [
        ({"running": False}, "There is no camera.", "", Trouble("There is no camera.", "again")),
        ({**FINE, "problem": " ".join(MISSING)}, "", "", Trouble(MISSING[0], "fetch")),
        ({**FINE, "problem": "The model x is missing."}, "", "None yet.",
         Trouble("The model x is missing.", "again")),
        ({"running": False, "problem": "No device."}, "", "None yet.",
         Trouble("No device.", "setup")),
        ({"running": False, "problem": "It is in use."}, "", "", Trouble("It is in use.", "again")),
        (FINE, "", "None yet.", Trouble("None yet.", "setup")),
    ],
)  # fmt: skip
def test_each_fault_has_its_remedy(banner, status, problem, lack, trouble):
    wanted = []
    banner.wanted.connect(wanted.append)
    assert banner.watch(status, problem, lack)
    assert banner.shown == trouble
    assert banner.text.text() == trouble.sentence
    assert not banner.isHidden()
    banner.button.click()
    assert wanted == [trouble.remedy]
    assert not banner.watch(status, problem, lack)  # said once
    assert not banner.watch(FINE, "", "")
    assert banner.isHidden()


def test_a_camera_gets_some_time_before_it_is_told(banner):
    taken = {**FINE, "camera_problem": TAKEN}
    assert not banner.watch(taken, "", "None yet.") or banner.shown.remedy == "setup"
    banner.now += PATIENCE / 2
    banner.watch({**FINE, "camera_problem": "The camera sends no picture"}, "", "")
    assert banner.isHidden()
    banner.now += PATIENCE / 2
    assert banner.watch(taken, "", "None yet.")
    assert banner.shown == Trouble(TAKEN, "camera")
    assert "another" in banner.button.text()
    banner.watch({**taken, "on": False}, "", "")  # switched off: nobody misses it
    assert banner.isHidden()
    for passing in ("Starting the camera", "The computer was asleep"):
        banner.now += 2 * PATIENCE
        assert not banner.watch({**FINE, "camera_problem": passing}, "", "")


def test_what_is_dismissed_stays_away_until_it_comes_again(banner):
    banner.watch(FINE, "", "None yet.")
    banner.away.click()
    assert banner.isHidden()
    assert not banner.watch(FINE, "", "None yet.")
    assert banner.watch({"running": False}, "There is no camera.", "None yet.")
    banner.watch(FINE, "", "")
    assert banner.watch(FINE, "", "None yet.")
    banner.tell(Trouble("It is gone.", "faces"))
    assert banner.watch(FINE, "", "")
    banner.dismiss()
    assert not banner.watch(FINE, "", "")


# In the app


class Session(FakeSession):
    facts: ClassVar[dict] = {}
    full = 0

    def full_size(self):
        self.full += 1

    def status(self):
        return {**super().status(), "face": self.worn[-1], **Session.facts}


@pytest.fixture
def begun(qt, tmp_path, monkeypatch):
    monkeypatch.setattr(Session, "facts", {})
    monkeypatch.setattr("deepcam.app.main.cameras", lambda: ["Cam", "Other"])
    monkeypatch.setattr("deepcam.sources.v4l2.list_cameras", lambda: [])
    monkeypatch.setattr("deepcam.app.guide_output.look", lambda system: Outlook())
    monkeypatch.setattr(guidance, "can_be_seen", lambda output: True)
    apps, sessions = [], []

    def begin(settings=SEEN, fail=()):
        store = SettingsFile(tmp_path / "config")
        store.save(settings)

        def factory(camera, face):
            if len(sessions) in fail:
                sessions.append(None)
                raise DeepcamError("There is no camera.", "Plug one in.")
            sessions.append(Session(camera, face))
            return sessions[-1]

        app = App(factory, str(tmp_path / "app"), store)
        apps.append(app)
        app.start()
        until(qt, lambda: sessions and (app.controller.problem or app.controller.current))
        app.refresh()
        return app, sessions

    yield begin
    for app in apps:
        app.close()
        app.preview.close()


def told(app):
    app.refresh()
    return app.guidance.banner


def test_no_camera_try_again(qt, begun):
    app, sessions = begun(fail={0})
    banner = told(app)
    assert banner.shown == Trouble("There is no camera. Plug one in.", "again")
    banner.button.click()
    until(qt, lambda: len(sessions) == 2 and app.controller.current)
    assert told(app).isHidden()


def test_a_taken_camera_leads_to_the_choice_of_another(qt, begun, monkeypatch):
    app, _ = begun()
    banner = app.guidance.banner
    now = [100.0]
    monkeypatch.setattr(banner, "_clock", lambda: now[0])
    Session.facts = {"camera_problem": TAKEN}
    app.refresh()
    now[0] += 2 * PATIENCE
    assert told(app).shown == Trouble(TAKEN, "camera")
    assert app.controller.state(app.controller.status()) == "fault"  # not the look of a pause
    banner.button.click()
    assert app.guidance.guide.isVisible()
    assert app.guidance.guide.pages.currentIndex() == CAMERA


def test_a_camera_that_is_gone_is_asked_about_and_never_replaced_by_itself(qt, begun, monkeypatch):
    app, sessions = begun()
    now = [100.0]
    monkeypatch.setattr(app.guidance.banner, "_clock", lambda: now[0])
    face = app.controller.current
    gone = "The camera Cam is gone."
    Session.facts = {"camera": "Cam", "camera_problem": gone, "showing": "card", "detail": gone}
    app.refresh()
    now[0] += 2 * PATIENCE
    until(qt, lambda: told(app).shown == Trouble("The camera Cam is gone.", "other", "Other"))
    banner = app.guidance.banner
    assert banner.button.text() == "Use Other &instead"
    assert app.preview.title.text() == "Others see the standby card"
    assert app.preview.subtitle.text() == ""  # said once, above
    assert len(sessions) == 1
    banner.button.click()
    until(qt, lambda: len(sessions) == 2 and app.controller.current)
    assert sessions[1].camera == "Other"
    assert sessions[1].worn == [face]
    Session.facts = {}
    assert told(app).isHidden()


def test_a_slow_computer_gets_a_smaller_picture_if_it_likes(qt, begun, monkeypatch):
    app, sessions = begun()
    now = [100.0]
    with monkeypatch.context() as patch:
        patch.setattr(guidance.clock, "monotonic", lambda: now[0])
        Session.facts = {"measured": {"fps_fresh": 9.0}}
        assert told(app).isHidden()
        now[0] += guidance.SLOW_FOR + 1
        assert told(app).shown.remedy == "smaller"
    app.guidance.banner.button.click()
    until(qt, lambda: len(sessions) == 2 and app.controller.current)
    assert app.store.now.size == (640, 360)


def test_the_switch_starts_what_was_stopped_from_elsewhere(qt, begun):
    app, sessions = begun()
    face = app.controller.current
    app.preview.show_newest()
    sessions[0].running = False  # as `deepcam stop` leaves it
    app.refresh()
    app.preview.show_newest()
    assert app.preview.picture.pixmap().isNull()  # no frozen picture
    assert "Stopped" in app.preview.title.text()
    assert not app.preview.switch.isChecked()
    app.preview.switch.click()
    until(qt, lambda: len(sessions) == 2 and app.controller.current)
    assert sessions[1].worn == [face]


def test_no_virtual_camera_leads_to_its_set_up(qt, begun, monkeypatch):
    monkeypatch.setattr(guidance, "can_be_seen", lambda output: False)
    app, _ = begun()
    assert told(app).shown.remedy == "setup"
    app.guidance.banner.button.click()
    assert app.guidance.guide.pages.currentIndex() == OUTPUT
    monkeypatch.setattr(guidance, "can_be_seen", lambda output: True)
    app.guidance.guide.reject()
    assert told(app).isHidden()


def test_without_a_virtual_camera_the_picture_stays_here(monkeypatch):
    """Not the window of ``deepcam run``: it needs the main thread, and the preview is there."""
    monkeypatch.setenv("DISPLAY", ":99")
    monkeypatch.setattr("deepcam.app.outlook.can_be_seen", lambda output: False)
    assert live(None, 7, Settings()).settings.output == "null"
    assert live(None, 7, Settings(output="camera")).settings.output == "camera"
    monkeypatch.setattr("deepcam.app.outlook.can_be_seen", lambda output: True)
    assert live(None, 7, Settings()).settings.output == "auto"


@pytest.mark.parametrize("works", [True, False])
def test_missing_networks_are_fetched(qt, begun, monkeypatch, works):
    fetched = []

    def fetch(file=None, *, say=print, progress=None):
        fetched.append(True)
        if not works:
            raise DeepcamError("There is no connection.", "Try again later.")
        Session.facts = {}

    monkeypatch.setattr("deepcam.models.fetch.fetch_tracker_model", fetch)
    app, sessions = begun()
    Session.facts = {"problem": " ".join(MISSING)}
    banner = told(app)
    assert banner.shown.sentence == MISSING[0]
    banner.button.click()
    assert not banner.button.isEnabled()
    assert "36 MB" in banner.text.text()
    until(qt, lambda: app.guidance._background.waiting == 0)
    assert fetched
    if works:
        until(qt, lambda: len(sessions) == 2 and app.controller.current)
        assert told(app).isHidden()
    else:
        assert "no connection" in banner.text.text()
        assert banner.button.isEnabled()


def test_settings_that_cannot_be_kept_are_kept_once_that_is_possible(
    qt,
    begun,
    monkeypatch,
):
    app, sessions = begun()
    real = os.open

    def refuse(path, flags, *more, **named):
        if ".part" in str(path) and flags & os.O_CREAT:
            raise PermissionError(13, "Permission denied")
        return real(path, flags, *more, **named)

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", refuse)
        app.controller.use_camera("Other")
        until(qt, lambda: len(sessions) == 2 and app.controller.current)
    folder = app.store.folder
    folder.chmod(0o500)
    banner = told(app)
    assert "cannot be kept" in banner.shown.sentence
    assert banner.shown.remedy == "writable"
    banner.button.click()
    assert told(app).isHidden()
    assert folder.stat().st_mode & 0o700 == 0o700
    again = SettingsFile(folder)
    again.load()
    assert again.now.camera == "Other"


def test_a_broken_face_is_told_and_leads_to_the_faces(qt, begun, monkeypatch):
    monkeypatch.setattr("deepcam.app.gallery_window.GalleryWindow.reload", lambda *_: None)
    path = Gallery().save(person("Ada"))
    path.write_bytes(path.read_bytes()[:200])
    app, sessions = begun(replace(SEEN, face="Ada"))
    assert str(sessions[0].worn[0]).endswith("?fits")
    until(qt, lambda: told(app).shown is not None)
    assert app.guidance.banner.shown.remedy == "faces"
    assert "Somebody new" in app.guidance.banner.text.text()
    app.guidance.banner.button.click()
    assert app.gallery.isVisible()
    assert told(app).isHidden()


def test_a_face_lost_on_the_way_is_told_once(qt, begun):
    app, sessions = begun()
    app.controller.wear("Ada")
    until(qt, lambda: app.controller.current == "Ada")
    sessions[0].worn.append(4711)  # what the session put on instead
    Session.facts = {"replaced": "No identity is called Ada."}
    banner = told(app)
    assert banner.shown.sentence == "No identity is called Ada. Somebody new is worn instead."
    until(qt, lambda: app.controller.current == 4711)
    banner.away.click()
    assert told(app).isHidden()


def test_old_trash_goes_at_the_start(qt, begun):
    gallery = Gallery()
    trash = gallery.folder / ".trash"
    gallery.save(person("Ada"))
    gallery.delete("Ada")
    (old,) = trash.iterdir()
    old.rename(trash / f"{10**18:020d}-ada.identity")
    app, _ = begun()
    until(qt, lambda: app.guidance._background.waiting == 0)
    assert not list(trash.iterdir())


def test_the_menu_lists_faces_without_decoding_them(qt, monkeypatch):
    from deepcam.app.main import saved_faces

    Gallery().save(person("Ada"))
    monkeypatch.setattr("cv2.imdecode", lambda *_: pytest.fail("decoded"))
    assert saved_faces() == ["Ada"]


def test_a_picture_that_was_made_smaller_is_told_once_and_gets_its_size_back(qt, begun):
    app, sessions = begun()
    said = "This computer is too slow for 1280x720: the picture is made at 960x540 now."
    notes = []
    app.guidance._notify = notes.append
    assert told(app).isHidden()
    Session.facts = {"slow": said}
    banner = told(app)
    assert banner.shown == Trouble(said, "full")
    assert banner.button.text() == "&Full size"
    banner.away.click()
    assert told(app).isHidden()
    # Something worse comes and goes: what was read is not said again.
    Session.facts = {"slow": said, "problem": "The output stopped (X)."}
    assert told(app).shown.remedy == "again"
    Session.facts = {"slow": said}
    assert told(app).isHidden()
    # Still smaller is news.
    Session.facts = {"slow": said.replace("960x540", "640x360")}
    assert told(app).shown.remedy == "full"
    banner.button.click()
    until(qt, lambda: sessions[0].full == 1)
    Session.facts = {"slow": ""}
    assert told(app).isHidden()
    assert [note for note in notes if "too slow" in note] == [
        said,
        said.replace("960x540", "640x360"),
    ]


def test_the_switch_for_smaller_pictures_reaches_the_session():
    assert live(None, 7, Settings()).settings.keep_size
    assert not live(None, 7, Settings(smaller_when_slow=True)).settings.keep_size
