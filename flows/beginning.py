"""What is said at the start of a run, on the terminal and in its log."""

from configs.notices import notices
from configs.reloads import values
from configs.shards import share
from flows.program import Program


def say_start(program: Program) -> None:
    """Say what runs, and what is allowed but probably not meant."""
    settings, shared = program.settings, program.shared
    shared.console.began(
        profile=settings.profile,
        driver=shared.timing.driver,
        config=shared.stamp.config,
        code=shared.stamp.code,
        symbols=shared.directory.symbols,
    )
    missing = [symbol for symbol in share(settings.run, settings.symbols) if symbol not in program.rules]
    unrecorded = [f"symbols.{symbol} is in no recording, and not traded" for symbol in missing]
    for notice in (*notices(settings), *unrecorded):
        shared.console.notice(settings.profile, notice)


def say_active(program: Program) -> None:
    """Say which symbols follow VPIN, by the settings that a run begins with."""
    for symbol in program.rules:
        program.shared.console.follows(symbol, values(program.settings.symbols[symbol]))
