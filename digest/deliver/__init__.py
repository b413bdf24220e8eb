"""How messages leave: backends and the sending loop."""
