"""Installs the folders of this repository as `mag_sandbox` and its subpackages."""

from setuptools import find_packages, setup

ROOMS = ("controls", "evaluation", "model", "renderer", "sandbox", "scenes", "training")

setup(
    packages=[
        *find_packages(include=["mag_sandbox", "mag_sandbox.*"]),
        *(
            f"mag_sandbox.{name}"
            for room in ROOMS
            for name in find_packages(include=[room, f"{room}.*"])
        ),
        "mag_sandbox.assets",
    ],
    package_dir={
        "mag_sandbox": "mag_sandbox",
        "mag_sandbox.assets": "assets",
        **{f"mag_sandbox.{room}": room for room in ROOMS},
    },
    package_data={
        "mag_sandbox.assets": ["fonts/*", "weights/**/*"],
        "mag_sandbox.evaluation.imagination": ["*.txt"],
        "mag_sandbox.evaluation.leaderboard": ["*.html", "*.md"],
        "mag_sandbox.evaluation.report": ["*.html"],
        "mag_sandbox.sandbox.browser": ["page.*", "icon.png"],
        "mag_sandbox.sandbox.export": ["*.html", "*.js"],
        "mag_sandbox.renderer": ["*.txt"],
        "mag_sandbox.training.pocket": ["*.txt"],
        "mag_sandbox.scenes": ["*.txt", "library/*", "demos/*"],
    },
)
