"""At fault in its manifest: circletwo needs it, and it needs circletwo."""


class Circleone:
    """Nothing."""


plugin = Circleone()
