"""Rules by which plans obey words and stay plausible: data and numbers, and no networks."""
