"""What the world invents: a view is sketched in codes, cell by cell, and then painted."""
