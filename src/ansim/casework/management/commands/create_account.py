"""``ansim manage create_account NAME --role administrator``: the first account of an installation.

Later ones are made by that administrator in the browser.
"""

from __future__ import annotations

import getpass
import sys
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from ansim.casework.actions import accounts, audit
from ansim.casework.errors import Refused
from ansim.casework.roles import Role


class Command(BaseCommand):
    help = "Makes an account; the password is asked for, or read from a pipe."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--role", choices=Role.values, required=True)
        parser.add_argument("--display-name", default="")

    def handle(self, *_: Any, **given: Any) -> None:
        if sys.stdin.isatty():
            password = getpass.getpass("Password: ")
            if getpass.getpass("Again: ") != password:
                raise CommandError("the two passwords differ; nothing was made")
        else:
            password = sys.stdin.readline().rstrip("\n")
        try:
            made = accounts.create(
                given["username"],
                password,
                given["role"],
                actor=audit.SETUP,
                display_name=given["display_name"],
            )
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None
        except Refused as refused:
            raise CommandError(str(refused)) from None
        self.stdout.write(f"{made.username}: {made.role}")
