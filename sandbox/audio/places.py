"""Ambiences under the sky and under a roof: how each is made of noises, tones and chirps."""

import numpy as np

from mag_sandbox.sandbox.audio.placing import Source, all_around, around
from mag_sandbox.sandbox.audio.synthesis import Synth, Wave, place, shifted

Sources = tuple[Source, ...]
MAINS = 50.0  # Hz


def wind(synth: Synth) -> Sources:
    """Gusts from three directions; one of them whistles a little."""
    dull, bright = synth.noise(15, 70, 420), synth.noise(15, 380, 2200)
    whistle = synth.noise(15, 520, 600, slope=9)
    yaws = around(synth.rng, 3)
    gusts = []
    for index, yaw in enumerate(yaws):
        gust = synth.swell(15, every=4)
        loop = shifted(dull, index / 3) * (0.15 + 0.85 * gust)
        loop += 0.45 * shifted(bright, index / 3) * gust**2
        if index == 0:
            loop += 0.16 * whistle * gust**3
        gusts.append(Source(loop, yaw))
    return (*gusts, *all_around(0.45 * synth.noise(12, 60, 500) * synth.swell(12, 5, floor=0.5)))


def birds(synth: Synth) -> Sources:
    """Four birds, each with its own song and place, above a breeze in leaves."""
    return (*_birds(synth, 4), *_breeze(synth, 0.08))


def crickets(synth: Synth) -> Sources:
    """A warm night: crickets in the grass on all sides."""
    singers = []
    for index, yaw in enumerate(around(synth.rng, 3)):
        loop = synth.silence(10 + index)
        pitch = synth.rng.uniform(3900, 5100)
        chirp = _chirp_of_cricket(synth, pitch, pulses=int(synth.rng.integers(3, 6)))
        every = synth.rng.uniform(0.38, 0.62)
        strength = (1.0, 0.6, 0.35)[index] * synth.rng.uniform(0.85, 1.0)
        total = round(len(loop) / synth.rate / every)
        rests = synth.swell(10 + index, every=4)
        for turn in range(total):
            at = synth.count((turn + synth.rng.uniform(0, 0.06)) * every)
            if rests[at % len(loop)] > 0.25:  # now and then it listens
                place(loop, chirp, at, strength * synth.rng.uniform(0.85, 1))
        singers.append(Source(loop, yaw))
    return (*singers, *all_around(0.05 * synth.noise(12, 80, 1200)))


def rain(synth: Synth) -> Sources:
    """Steady rain, drops on something hollow nearby, and a gutter that runs."""
    drizzle = synth.noise(12, 2200, 10_000) * synth.swell(12, every=5, floor=0.75)
    near, far, gutter_yaw = around(synth.rng, 3)
    pats = [
        synth.ping([(synth.rng.uniform(900, 3600), 0.006, 0.7)], attack=0.0008)
        + 0.7 * _padded(synth.burst(0.003, 2000, 9000), synth.count(0.036))
        for _ in range(16)
    ]
    drops = synth.scatter(synth.silence(11), pats, per_second=26, spread=0.45)
    splashes = synth.scatter(synth.silence(13), pats, per_second=40, spread=0.9)
    gutter = _water(synth, 9, per_second=45, low=500, high=1400)
    return (
        Source(1.3 * drops, near),
        Source(0.4 * splashes, far),
        Source(0.2 * gutter, gutter_yaw),
        *all_around(0.25 * drizzle),
    )


def stream(synth: Synth) -> Sources:
    """A brook over stones, close on one side and rushing further along; a bird or two."""
    close, along, bird = around(synth.rng, 3)
    brook = _water(synth, 12, per_second=70, low=380, high=1900)
    rush = synth.noise(13, 250, 2600) * (0.5 + 0.5 * synth.swell(13, every=0.7))
    song = _birds(synth, 1)[0].loop
    return (
        Source(0.5 * brook + 0.2 * synth.noise(12, 300, 4000), close),
        Source(0.6 * rush, along),
        Source(song, bird),
        *_breeze(synth, 0.1),
    )


def waves(synth: Synth) -> Sources:
    """Surf rolling in along a wide beach, a gull, wind from the sea."""
    body, foam = synth.noise(27, 60, 700), synth.noise(27, 900, 6500)
    sea = synth.rng.uniform(0, 360)
    surf = []
    for index, turn in enumerate((-55, 0, 55)):
        swell = _breakers(synth, 27, first=index * 1.7)
        loop = 0.9 * shifted(body, index / 3) * swell + 0.5 * shifted(foam, index / 3) * swell**2.5
        surf.append(Source(loop, (sea + turn) % 360))
    gull = synth.silence(31)
    for start in (4.0, 19.5):
        for call in range(int(synth.rng.integers(2, 5))):
            cry = synth.sweep(0.34, synth.rng.uniform(1900, 2200), 1350, overtone=0.5)
            place(gull, cry, synth.count(start + 0.42 * call), 0.25)
    return (*surf, Source(gull, (sea + 110) % 360), *_breeze(synth, 0.12))


def chimes(synth: Synth) -> Sources:
    """A wind chime under a roof, a second one further off, breeze and one bird."""
    near, far, bird = around(synth.rng, 3)
    root = synth.rng.uniform(560, 680)
    loops = []
    for seconds, strength, shift in ((24, 1.0, 1.0), (29, 0.45, 1.498)):
        tubes = [
            synth.ping([(hz, 1.1, 1.0), (2.76 * hz, 0.5, 0.4), (5.4 * hz, 0.2, 0.15)], attack=0.003)
            for hz in root * shift * np.array([1, 9 / 8, 5 / 4, 3 / 2, 5 / 3, 2])
        ]
        loop, gust = synth.silence(seconds), synth.swell(seconds, every=6)
        for at in synth.rng.integers(len(loop), size=seconds * 2):
            if gust[at] > 0.45:
                tube = tubes[synth.rng.integers(len(tubes))]
                place(loop, tube, at, strength * gust[at] * synth.rng.uniform(0.3, 1))
        loops.append(loop)
    song = _birds(synth, 1, strength=0.35)[0].loop
    return (
        Source(loops[0], near),
        Source(loops[1], far),
        Source(song, bird),
        *_breeze(synth, 0.16),
    )


def _breeze(synth: Synth, strength: float) -> Sources:
    loop = synth.noise(12, 120, 900) + 0.5 * synth.noise(12, 1800, 6000) * synth.swell(12, 3)
    return all_around(strength * loop * synth.swell(12, every=5, floor=0.4))


def _birds(synth: Synth, count: int, strength: float = 1.0) -> Sources:
    pitches = synth.rng.permutation(np.linspace(2300, 4300, max(count, 3)))[:count]
    singers = []
    for index, yaw in enumerate(around(synth.rng, count)):
        song = _song(synth, pitches[index])
        seconds = 19 + 3 * index
        loop, at = synth.silence(seconds), synth.rng.uniform(0.2, 2.5)
        loudness = strength * synth.rng.uniform(0.45, 1.0)
        while at < seconds - 1.5:
            place(loop, song, synth.count(at), loudness * synth.rng.uniform(0.6, 1))
            at += len(song) / synth.rate + synth.rng.uniform(1.2, 4.5)
        for delay, echo in ((0.094, 0.12), (0.171, 0.06)):  # from trees around
            loop += echo * np.roll(loop, synth.count(delay))
        singers.append(Source(loop, yaw))
    return tuple(singers)


def _song(synth: Synth, pitch: float) -> Wave:
    rng = synth.rng
    song, at = synth.silence(2.6), 0.0
    for _ in range(int(rng.integers(2, 5))):
        start, end = pitch * rng.uniform(0.85, 1.3, size=2)
        seconds = rng.uniform(0.05, 0.2)
        for _ in range(int(rng.choice((1, 1, 2, 5)))):  # five: a trill
            if at + seconds > 2.5:
                return song
            place(song, synth.sweep(seconds, start, end), synth.count(at), rng.uniform(0.7, 1))
            at += seconds * 1.12
        at += rng.uniform(0.03, 0.12)
    return song[: synth.count(at + 0.05)]


def _chirp_of_cricket(synth: Synth, pitch: float, pulses: int) -> Wave:
    chirp = synth.silence(0.03 * pulses)
    for pulse in range(pulses):
        whistle = synth.sweep(0.022, pitch * 1.01, pitch * 0.985, overtone=0.15)
        place(chirp, whistle, synth.count(0.03 * pulse), 0.7 + 0.3 * pulse / pulses)
    return chirp


def _water(synth: Synth, seconds: float, per_second: float, low: float, high: float) -> Wave:
    bubbles = []
    for hz in np.geomspace(low, high, 24):
        seconds_of_one = synth.rng.uniform(0.02, 0.07)
        bubbles.append(synth.sweep(seconds_of_one, hz, hz * synth.rng.uniform(1.05, 1.5), 0.2))
    return synth.scatter(synth.silence(seconds), bubbles, per_second, spread=0.7)


def _breakers(synth: Synth, seconds: int, first: float) -> Wave:
    curve = np.full(synth.count(seconds), 0.12, np.float32)
    gather, run_out = synth.count(2.2), synth.count(4.5)
    shape = np.concatenate(
        [np.linspace(0, 1, gather) ** 2.5, np.linspace(1, 0, run_out) ** 1.6]
    ).astype(np.float32)
    for index in range(3):
        at = first + index * seconds / 3 + synth.rng.uniform(-0.8, 0.8)
        place(curve, shape, synth.count(at), synth.rng.uniform(0.55, 1))
    return curve


def _padded(sound: Wave, count: int) -> Wave:
    return np.pad(sound, (0, max(0, count - len(sound))))[:count]


def room(synth: Synth) -> Sources:
    """A quiet room: air, a ventilator on one side, a creak now and then."""
    vent, corner = around(synth.rng, 2)
    creaks = synth.silence(23)
    for at in synth.rng.uniform(1, 21, size=3):
        creak = synth.ping([(synth.rng.uniform(240, 420), 0.03, 1.0), (910, 0.012, 0.4)])
        for step in range(4):
            place(creaks, creak, synth.count(at + 0.06 * step), 0.9 * synth.rng.uniform(0.2, 1))
    return (Source(_ventilator(synth, 11), vent), Source(creaks, corner), *_air(synth, 0.6))


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
    loop, at = synth.silence(seconds), synth.rng.uniform(0.5, 3)
    while at < seconds - 2:
        for _ in range(int(synth.rng.integers(2, 6))):
            hz = notes[synth.rng.integers(len(notes))]
            beep = synth.sweep(0.09, hz, hz * synth.rng.choice((1.0, 1.0, 1.06)), overtone=0.25)
            place(loop, beep, synth.count(at), 0.28)
            at += synth.rng.choice((0.1, 0.1, 0.2))
        at += synth.rng.uniform(2.5, 6)
    return loop
