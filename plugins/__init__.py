"""The bundled plugins: each folder is one feature."""
