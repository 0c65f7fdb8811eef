"""The command line: `opencmr`. One module a command; what each needs is imported when it is called."""

__all__ = ["main"]


def main() -> None:
    """Run the command line with the arguments of this process."""
    from .app import run

    run()
