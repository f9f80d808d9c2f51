"""Places left behind, saved or forked: folders of plain data, resumed exactly."""
