"""A scene that begins with a picture keeps it, however often it is left and gone on with."""

from pathlib import Path

from PIL import Image

from mag_sandbox.files.folders import HOME_VARIABLE
from mag_sandbox.sandbox.screens import Continue, PlayScene, Way
from mag_sandbox.sandbox.title.screen import TitleScreen
from mag_sandbox.scenes import Scene
from tests.games import games


def test_a_picture_survives_being_left_twice(tmp_path, monkeypatch):
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "home"))
    picture = tmp_path / "start.png"
    Image.new("RGB", (32, 20)).save(picture)
    with games(tmp_path / "data") as start:
        game = start()
        game.play(PlayScene(Scene("A place.", image=str(picture))))
        game.see_blocks(17)
        game.go(Way.TITLE, TitleScreen)
        (entry,) = game.parked()
        assert entry.header.scene.image == "image.png"
        game.play(Continue(entry.id))
        assert Path(game.screen.playthrough.scene.image).is_file()
        game.see_blocks(3)
        game.go(Way.TITLE, TitleScreen)
        left = entry.header.left
        game.wait(lambda: game.parked()[0].header.left != left)
        assert game.parked()[0].header.scene.image == "image.png"
