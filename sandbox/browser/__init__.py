"""The game in a page of a browser: a server, one process per page, and the page itself."""
