"""Ambiences under a roof: a quiet room, a hearth, a clock, a hall, machines, a cave."""

import numpy as np

from mag_sandbox.sandbox.audio.outdoors import Sources
from mag_sandbox.sandbox.audio.placing import Source, all_around, around
from mag_sandbox.sandbox.audio.synthesis import Synth, Wave, place

MAINS = 50.0  # Hz


def room(synth: Synth) -> Sources:
    """A quiet room: air, a ventilator on one side, a creak now and then."""
    vent, corner = around(synth.rng, 2)
    creaks = synth.silence(23)
    for at in synth.rng.uniform(1, 21, size=3):
        creak = synth.ping([(synth.rng.uniform(240, 420), 0.03, 1.0), (910, 0.012, 0.4)])
        for step in range(4):
            place(creaks, creak, synth.count(at + 0.06 * step), 0.9 * synth.rng.uniform(0.2, 1))
    return (
        Source(_ventilator(synth, 11), vent),
        Source(creaks, corner),
        *_air(synth, 0.6),
    )


def fireplace(synth: Synth) -> Sources:
    """A fire that crackles in one place; wind at a window behind it."""
    hearth = synth.rng.uniform(0, 360)
    flames = synth.noise(13, 80, 600) * (0.35 + 0.65 * synth.swell(13, every=0.25))
    pops = [
        synth.burst(synth.rng.uniform(0.002, 0.012), 1200, synth.rng.uniform(3000, 7500))
        for _ in range(20)
    ]
    crackle = synth.scatter(synth.silence(17), pops, per_second=9, spread=0.7)
    embers = synth.scatter(synth.silence(17), pops, per_second=30, spread=0.4)
    window = synth.noise(14, 90, 420) * synth.swell(14, every=5) ** 1.5
    return (
        Source(0.1 * flames, hearth),
        Source(0.24 * crackle + 0.05 * embers, hearth),
        Source(0.07 * window, (hearth + 150) % 360),
        *_air(synth, 0.02),
    )


def clock(synth: Synth) -> Sources:
    """A kitchen by day: a clock on the wall, the refrigerator, birds outside the window."""
    wall, fridge, window = around(synth.rng, 3)
    ticking = synth.silence(12)
    for second in range(12):
        pitch = 1.0 if second % 2 else 0.82  # tick, tock
        tick = synth.ping(
            [(2150 * pitch, 0.012, 1.0), (3420 * pitch, 0.008, 0.6), (640 * pitch, 0.02, 0.5)],
            attack=0.0006,
        )
        place(ticking, tick, synth.count(second), synth.rng.uniform(0.9, 1))
    outside = synth.silence(19)
    for at in synth.rng.uniform(0, 17, size=6):
        for note in range(int(synth.rng.integers(2, 6))):
            call = synth.sweep(0.11, synth.rng.uniform(2200, 2900), 2400, overtone=0.0)
            place(outside, call, synth.count(at + 0.16 * note), synth.rng.uniform(0.08, 0.2))
    motor = synth.hum(9, [(MAINS, 0.3), (2 * MAINS, 1.0), (4 * MAINS, 0.35), (6 * MAINS, 0.15)])
    return (
        Source(0.32 * ticking, wall),
        Source(0.05 * motor * synth.swell(9, 3, floor=0.8), fridge),
        Source(outside, window),
        *_air(synth, 0.035),
    )


def hall(synth: Synth) -> Sources:
    """A wide, hushed hall: somebody walks far away, a lamp sings softly."""
    walk, lamp = around(synth.rng, 2)
    steps = synth.silence(26)
    at = 1.0
    while at < 22:
        for step in range(int(synth.rng.integers(4, 9))):
            sound = synth.ping([(synth.rng.uniform(150, 190), 0.025, 1.0), (1300, 0.006, 0.5)])
            place(steps, sound, synth.count(at + 0.58 * step), synth.rng.uniform(0.4, 0.7))
        at += synth.rng.uniform(8, 12)
    tone = synth.hum(8, [(4 * MAINS, 0.5), (440, 0.4), (660, 0.25)]) * synth.swell(8, 3, 0.3)
    return (
        Source(synth.room(steps, tail=0.55, wet=0.9), walk),
        Source(0.06 * tone, lamp),
        *_air(synth, 0.05),
    )


def hum(synth: Synth) -> Sources:
    """A showroom of machines: mains hum, fans, small computers that talk to each other."""
    transformer, fan, left, right = around(synth.rng, 4)
    coil = synth.hum(
        10, [(2 * MAINS, 1.0), (2 * MAINS + 0.4, 0.6), (4 * MAINS, 0.4), (6 * MAINS, 0.25)]
    )
    notes = 660 * 2 ** (np.array([0, 2, 4, 7, 9, 12]) / 12)
    return (
        Source(0.16 * coil, transformer),
        Source(0.25 * _ventilator(synth, 11), fan),
        Source(_chatter(synth, 21, notes), left),
        Source(_chatter(synth, 25, 0.75 * notes), right),
        *_air(synth, 0.08),
    )


def cave(synth: Synth) -> Sources:
    """A large cave: drops fall into pools in three places, air moves slowly."""
    pools = []
    for index, yaw in enumerate(around(synth.rng, 3)):
        loop = synth.silence(13 + 3 * index)
        at = synth.rng.uniform(0, 1)
        while at < len(loop) / synth.rate:
            hz = synth.rng.uniform(700, 1500)
            drop = synth.sweep(0.045, hz, hz * synth.rng.uniform(1.3, 2.0), overtone=0.1)
            place(loop, drop, synth.count(at), synth.rng.uniform(0.3, 1))
            at += synth.rng.uniform(0.7, 3.2)
        pools.append(Source(synth.room(loop, tail=0.7, wet=0.8), yaw))
    draught = synth.noise(15, 50, 220) * synth.swell(15, every=6, floor=0.4)
    return (*pools, *all_around(0.07 * draught))


def _air(synth: Synth, strength: float) -> Sources:
    return all_around(strength * synth.noise(10, 90, 480))


def _ventilator(synth: Synth, seconds: int) -> Wave:
    blades = 1 + 0.12 * synth.hum(seconds, [(17.0, 1.0)])
    return 0.5 * synth.noise(seconds, 160, 1300) * blades + 0.2 * synth.hum(
        seconds, [(117.0, 1.0), (234.0, 0.5)]
    )


def _chatter(synth: Synth, seconds: int, notes: np.ndarray) -> Wave:
    """Soft groups of beeps with long pauses."""
    loop, at = synth.silence(seconds), synth.rng.uniform(0.5, 3)
    while at < seconds - 2:
        for _ in range(int(synth.rng.integers(2, 6))):
            hz = notes[synth.rng.integers(len(notes))]
            beep = synth.sweep(0.09, hz, hz * synth.rng.choice((1.0, 1.0, 1.06)), overtone=0.25)
            place(loop, beep, synth.count(at), 0.28)
            at += synth.rng.choice((0.1, 0.1, 0.2))
        at += synth.rng.uniform(2.5, 6)
    return loop
