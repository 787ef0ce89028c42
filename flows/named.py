"""What a user wrote and a setting names, as `module:name`."""

import importlib
import inspect
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, cast

from operators.errors import ConfigError


class Named(NamedTuple):
    """A setting that names something of one's own."""

    key: str
    """With its symbol: `symbols.ETHUSDC.vpin.measure`."""
    name: str

    def factory(self) -> Callable[..., Any]:
        """Return what the setting names; it is looked for in the working directory too.

        Raises:
            ConfigError: the module or the name in it is missing, or cannot be called.
        """
        module, _, name = self.name.partition(":")
        if str(Path.cwd()) not in sys.path:
            sys.path.append(str(Path.cwd()))
        try:
            found = getattr(importlib.import_module(module), name)
        except (ImportError, AttributeError, ValueError) as error:
            text = f"must name something that can be imported as module:name ({error})"
            raise self.wrong(text) from None
        if not callable(found):
            raise self.wrong("must name something that can be called with a symbol's settings")
        return cast("Callable[..., Any]", found)

    def source(self) -> bytes:
        """Return the source of its module: a checkpoint is for it alone."""
        path = inspect.getsourcefile(inspect.unwrap(self.factory()))
        return Path(path).read_bytes() if path else b""

    def made(self, what: str, settings: object) -> Any:  # noqa: ANN401 - it is checked by who asked for it
        """Return what the factory makes of a symbol's settings.

        Raises:
            ConfigError: there is no such factory, or it raises.
        """
        make = self.factory()
        try:
            return make(settings)
        except Exception as error:
            text = f"must make {what}, but raised {type(error).__name__} ({error})"
            raise self.wrong(text) from error

    def wrong(self, text: str) -> ConfigError:
        """Return the error that says what is wrong with the setting."""
        return ConfigError([f'{self.key} {text}, was "{self.name}"'])
