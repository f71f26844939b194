"""The softswitch: a process of its own that carries the audio of calls between browsers, and nothing else.

It keeps no database and knows no tenants. `wire` is the language of its control connections, `control` serves them,
`switch` is what they act on: legs (`leg`), each hearing music, tones (`sounds`) or its peer. Received Opus packets are
handed on as they are (`packets`), so a call costs no decoding.
"""
