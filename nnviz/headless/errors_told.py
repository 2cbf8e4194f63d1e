"""What is said of an error that ends a command: one line on stderr, never a traceback; and the exit code."""

import os
import sys
from typing import Any

from nnviz.errors import InputError, NnvizError
from nnviz.headless.console import note


def tell_usage(error: Any) -> int:
    """Say what is wrong with the arguments, which may hold anything; without any arguments, print the help."""
    if not sys.argv[1:]:
        error.show()
        return InputError.exit_code
    command = error.ctx.command_path if error.ctx else "nnviz"
    said = error.format_message().rstrip(".")
    note(f"{said[0].lower()}{said[1:]}; '{command} --help' says what there is")
    return InputError.exit_code


def tell_error(error: Exception) -> int:
    """Say what went wrong."""
    if os.environ.get("NNVIZ_TRACEBACK"):
        import traceback

        traceback.print_exception(error)
    if isinstance(error, NnvizError):
        note(str(error))
        return error.exit_code
    if isinstance(error, OSError) and error.filename is not None:
        note(f"{error.filename}: {error.strerror}; check the name, and the permissions of the folders that it is in")
        return InputError.exit_code
    if isinstance(error, MemoryError):
        note("memory ran out; make the network, --batch-size or --image-size smaller")
        return 1
    from nnviz.fault import fault_words, written_down

    note(f"a fault of nnviz itself ({fault_words(error)}); {written_down(error)}")
    return 1
