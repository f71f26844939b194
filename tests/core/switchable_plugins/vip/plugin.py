"""A plugin for some."""


class VipPlugin:
    """Does nothing."""


plugin = VipPlugin()
