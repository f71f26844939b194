"""At fault in its manifest: circleone needs it, and it needs circleone."""


class Circletwo:
    """Nothing."""


plugin = Circletwo()
