"""What is said at the start of a run, on the terminal and in its log."""

from configs.notices import notices
from configs.reloads import values
from flows.market import Program


def say_start(program: Program) -> None:
    """Say what runs, what is allowed but probably not meant, and which symbols follow VPIN."""
    settings, shared = program.settings, program.shared
    shared.console.began(
        profile=settings.profile,
        driver=shared.timing.driver,
        config=shared.stamp.config,
        code=shared.stamp.code,
        symbols=shared.directory.symbols,
    )
    missing = [symbol for symbol in settings.symbols if symbol not in program.rules]
    unrecorded = [f"symbols.{symbol} is in no recording, and not traded" for symbol in missing]
    for notice in (*notices(settings), *unrecorded):
        shared.console.notice(settings.profile, notice)
    for symbol in program.rules:
        if settings.symbols[symbol].vpin.enabled:
            shared.console.vpin_active(symbol, values(settings.symbols[symbol]))
