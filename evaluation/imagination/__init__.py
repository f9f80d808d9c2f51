"""The bar for things: what a world invents, beside what the renderer draws."""
