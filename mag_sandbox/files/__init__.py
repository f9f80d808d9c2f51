"""Files at the border: YAML and JSON that are checked, writing that is whole or not at all."""
