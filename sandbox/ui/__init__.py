"""Window, theme, widgets and text: what screens are made of."""
