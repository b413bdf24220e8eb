"""Every type that crosses rooms. No I/O, no clock: whoever needs the time is given it."""
