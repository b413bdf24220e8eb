"""Checks of templates and editions: MRML passes mistakes silently, so they are looked for before anything is sent."""
