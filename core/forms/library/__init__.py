"""The tenant's own forms: what administrators build, publish and keep in versions."""
