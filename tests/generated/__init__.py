"""Small years, drawn at random, played through a desk, and reckoned a second time."""
