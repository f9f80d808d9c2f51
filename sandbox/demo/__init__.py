"""Camera scripts played without a person, compared and measured."""
