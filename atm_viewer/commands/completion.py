"""Command ``completion``: what a shell needs to complete commands, options and the names of files."""

from __future__ import annotations

import argparse

import shtab

#: What to do with the script, by shell.
_USE = {
    "bash": "atm-viewer completion bash > ~/.local/share/bash-completion/completions/atm-viewer",
    "zsh": 'atm-viewer completion zsh > "${fpath[1]}/_atm-viewer"',
    "fish": "atm-viewer completion fish > ~/.config/fish/completions/atm-viewer.fish",
}


def completion_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what ``completion`` takes."""
    parser.epilog = "Save the script where the shell looks for it:\n" + "\n".join(f"  {line}" for line in _USE.values())
    parser.add_argument("shell", choices=sorted(_USE), help="shell that reads the script")


def completion(args: argparse.Namespace) -> int:
    """Print the script."""
    from atm_viewer.cli import whole_parser

    parser = whole_parser()
    for action in parser_actions(parser):
        if action.metavar in ("FILE", "RECIPE", "CUBE"):
            action.complete = shtab.FILE  # type: ignore[attr-defined]
        elif action.metavar == "DIR":
            action.complete = shtab.DIRECTORY  # type: ignore[attr-defined]
    print(shtab.complete(parser, args.shell))
    return 0


def parser_actions(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    """List the arguments of a parser and of the commands in it."""
    found = list(parser._actions)
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for command in {id(p): p for p in action.choices.values()}.values():
                found += parser_actions(command)
    return found
