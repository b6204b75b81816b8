"""What can go wrong here. Every text is meant to be shown to a person as it stands."""


class EmbeddedError(RuntimeError):
    """Something that the person at the terminal has to know or to change."""


class AlreadyRunningError(EmbeddedError):
    """Another launcher already uses the folder."""


class StartError(EmbeddedError):
    """A process did not come up; the text holds the last lines it wrote."""
