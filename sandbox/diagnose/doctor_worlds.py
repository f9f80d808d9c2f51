"""The check of `doctor` of full-size worlds: which are here, and whether they have room."""

from mag_sandbox.model.catalogue import preflight, weight_files, worlds
from mag_sandbox.model.world import WorldFailed
from mag_sandbox.program import PROGRAM
from mag_sandbox.sandbox.diagnose.doctor_parts import Finding, note, ok


def check_worlds() -> list[Finding]:
    """Which full-size worlds are here, and whether this machine has room for them."""
    device = preflight.find_device()
    findings, absent = [], []
    for name in worlds.PLAYABLE:
        row = worlds.WORLDS[name]
        if row.bundled:
            continue
        try:
            files = weight_files.read_files(name)
            if files is None:
                absent.append(name)
                continue
            findings.append(_one(row, files, device))
        except WorldFailed as error:
            findings.append(note(f"{name}: {error}", "Do what the message says."))
    room = ""
    if device is not None and device.free_bytes is not None:
        room = f"{device.name}, {preflight.gib(device.free_bytes)} free"
    if absent and (device is not None or findings):
        findings.append(ok(f"not here: {', '.join(absent)}{f' ({room})' if room else ''}"))
    if not findings:
        row = worlds.WORLDS["mag"]
        needed = preflight.gib(preflight.predict(row, preflight.wanted_plan(row)).total)
        findings.append(
            ok(f"pocket; full-size ones need an NVIDIA card, mag one with about {needed}")
        )
    return findings


def _one(
    row: worlds.WorldRow, files: weight_files.WorldFiles, device: preflight.Device | None
) -> Finding:
    problems = weight_files.check(row, files)[1]
    if problems:
        return note(f"{row.name}: {problems[0]}", f"Run `{PROGRAM} fetch {row.name}`.")
    wanted = preflight.wanted_plan(row)
    needed = preflight.gib(preflight.predict(row, wanted).total)
    if device is None:
        return note(f"{row.name}: takes {needed}, no card for it", "The pocket world needs none.")
    tiny = bool(files.paths("tiny decoder"))
    plan = preflight.plan_for(row, device, wanted, tiny_decoder=tiny)
    if plan == wanted:
        return ok(f"{row.name}: fits, takes {needed} at most")
    predicted = preflight.predict(row, plan)
    text = f"{row.name}: would take {needed}; fits with {plan.words()}"
    text += f": {preflight.gib(predicted.total)}"
    short = "" if device.free_bytes is None else preflight.shortage(predicted)
    return note(f"{text}; {short}", "Close other programs if it is slow.") if short else ok(text)
