"""The renderer, version 3: scenes laid out in metres, drawn all around from any viewpoint."""
