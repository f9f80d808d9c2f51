"""Run by the Python in which the user has VBench, not by ours: measures a folder of videos.

`python inside.py VIDEOS OUT` writes OUT/suite_eval_results.json. Of the suite's prompts those count
of which a first video is there; other dimensions are left out.
"""

import json
import sys
from importlib import import_module
from pathlib import Path


def main(videos: str, out: str) -> None:
    """Measure all dimensions."""
    import torch

    vbench = import_module("vbench")  # of the suite's environment

    info = Path(str(vbench.__file__)).with_name("VBench_full_info.json")
    known = json.loads(info.read_text("utf-8"))
    here = [one for one in known if (Path(videos) / f"{one['prompt_en']}-0.mp4").exists()]
    dimensions = sorted({name for one in here for name in one["dimension"]})
    if not here:
        sys.exit(f"none of the suite's {len(known)} prompts has a video")
    info = Path(out) / "suite_prompts.json"
    info.write_text(json.dumps(here), "utf-8")
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    suite = vbench.VBench(device, str(info), out)
    suite.evaluate(videos_path=videos, name="suite", dimension_list=dimensions)


if __name__ == "__main__":
    main(*sys.argv[1:])
