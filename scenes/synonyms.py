"""Words that people write and small worlds do not know, with ones they might. Data only."""

_TABLE = """
couch settee: sofa
chair seat: armchair stool
cupboard dresser sideboard: cabinet wardrobe
closet: wardrobe
shelf shelves book books: bookshelf library
fire hearth chimney: fireplace lava
flame flames magma: lava
bath tub shower: bathtub bathroom
toilet: bathroom
mat: rugs carpet
blinds drapes: curtains
photo poster: picture portraits
cooker stove oven: kitchen counter
keyboard: piano
candle candles: lamplight lamps
lantern chandelier lampshade: lamps hanging
hall hallway corridor: room
lobby: lounge
museum: gallery exhibition
shop store: showroom
theatre theater: stage
statue sculpture figure: busts
shoe shoes boot boots trainers: sneakers
cup coffee glasses: mugs
tea kettle pot jug: teapots
award medal prize: trophies
fruit pear peach: apples
pie pastry muffin: cakes
doll plush: teddy bears toy
ball sphere earth: globes planets
watch: clocks
android machine computer: robots
violin banjo: guitars
ship yacht vessel ferry: boats sails
automobile truck bus: cars
dog cat cow horse goat pig rabbit animal animals: sheep deer
lama donkey: camels
eagle gull seagull parrot: birds
church cathedral mosque shrine: temple tower
palace fortress citadel: castle
hut cabin shack chalet bungalow: cottage
farmhouse stable: barn
hotel mansion villa: house
village town hamlet: cottages houses
mill: windmill
beacon: lighthouse
monument: pyramid temple
street highway avenue: road
lane track alley: path trail
creek brook waterfall: stream river
puddle pool: ponds water
shore seaside bay harbour harbor port: coast sea
cliff gorge ravine: canyon rocky
cavern grotto mine: cave
rainforest: jungle
park lawn: garden meadow
prairie pasture steppe: grassland meadow
wheat corn crops vineyard: fields farmland
mud bog wetland: swamp marsh
iceberg glacier: ice
frost icy: frozen ice
arctic polar antarctic: tundra snowfield
crater: volcano
stormy storm thunder drizzle wet: rain rainy
snowstorm blizzard snowing: snowy snow
overcast: cloudy
misty haze hazy: foggy mist
summer: sunny
fall: autumn
midnight nighttime: night
daytime: day
sundown: sunset
rose tulip daisy poppy blossom: flowers blooms
tropical: palm beach
bamboo: trees jungle
conifer spruce: fir pine
violet lilac lavender: purple
crimson scarlet maroon ruby: red
turquoise cyan aqua: teal
beige ivory: cream
tan: brown
silver gray: grey
magenta: pink
indigo: navy
lime emerald: green
amber: orange golden
colorful rainbow: colourful
alien dragon beast enemy enemies zombie skeleton: monsters ghosts
treasure: coins gems
diamond diamonds: gems crystals
spaceship spacecraft ufo: rockets space
astronaut galaxy: space planets
airplane plane: balloons
large gigantic enormous: big huge
tiny little: small
ancient: old ruins
scary creepy eerie: spooky haunted
peaceful silent: quiet calm
cozy: cosy
wooded: forest woodland
sweets sugar chocolate: candy sweet
"""


def _read(table: str) -> dict[str, tuple[str, ...]]:
    rows = (line.split(":") for line in table.strip().splitlines())
    return {word: tuple(known.split()) for words, known in rows for word in words.split()}


SYNONYMS = _read(_TABLE)
