"""Run the command as on a system without what only POSIX has: `python without_posix.py VERB ...`.

PyTorch asks for `os.register_at_fork` wherever `sys.platform` is not `win32`: it is imported before
attributes are hidden.
"""

import errno
import os
import signal
import sys

MODULES = ("fcntl", "grp", "pwd", "resource", "termios")
ATTRIBUTES = {
    os: "O_CLOEXEC O_DIRECTORY O_NONBLOCK fork getuid posix_fallocate pread pwrite "
    "register_at_fork sched_getaffinity",
    errno: "EDQUOT",
    signal: "SIGHUP SIGUSR1",
}


def hide_modules():
    for name in MODULES:
        sys.modules[name] = None


def hide():
    """From everything that is imported later."""
    hide_modules()
    for module, names in ATTRIBUTES.items():
        for name in names.split():
            vars(module).pop(name, None)


if __name__ == "__main__":
    if "--with-torch" in sys.argv:
        sys.argv.remove("--with-torch")
        hide_modules()
        import accelerate  # noqa: F401
        import timm  # noqa: F401
    hide()
    from polyhead.cli import main

    main()
