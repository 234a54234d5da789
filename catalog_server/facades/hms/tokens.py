"""Calls about tokens: those that log clients in, and texts that a Hive client's own token manager keeps here."""

from __future__ import annotations

from typing import Any

from catalog_server.facades.hms.call import Context
from catalog_server.facades.hms.noun import Noun, caller_of


class Tokens(Noun):
    """Delegation tokens, kept tokens and master keys."""

    def get_delegation_token(self, context: Context, arguments: Any) -> str:
        """A token in Hadoop's form that logs its owner in."""
        caller = caller_of(context)
        owner, renewer = arguments.token_owner or "", arguments.renewer_kerberos_principal_name or ""
        return self.catalog.tokens.issue(caller, owner, renewer)

    def renew_delegation_token(self, context: Context, arguments: Any) -> int:
        """Let a token last longer; until when, in milliseconds since 1970."""
        return self.catalog.tokens.renew(caller_of(context), arguments.token_str_form or "")

    def cancel_delegation_token(self, context: Context, arguments: Any) -> None:
        """Make a token worthless."""
        self.catalog.tokens.cancel(caller_of(context), arguments.token_str_form or "")

    def add_token(self, context: Context, arguments: Any) -> bool:
        """Keep a token; whether it is new."""
        return self.catalog.tokens.keep(
            caller_of(context), arguments.token_identifier or "", arguments.delegation_token or ""
        )

    def remove_token(self, context: Context, arguments: Any) -> bool:
        """Forget a token; whether there was one."""
        return self.catalog.tokens.forget(caller_of(context), arguments.token_identifier or "")

    def get_token(self, context: Context, arguments: Any) -> str:
        """A kept token, empty where there is none, as Hive 4 answers."""
        return self.catalog.tokens.kept(caller_of(context), arguments.token_identifier or "") or ""

    def get_all_token_identifiers(self, context: Context, arguments: Any) -> list[str]:  # noqa: ARG002
        """Identifiers of the kept tokens."""
        return self.catalog.tokens.identifiers(caller_of(context))

    def add_master_key(self, context: Context, arguments: Any) -> int:
        """Keep a master key; its number."""
        return self.catalog.tokens.add_key(caller_of(context), arguments.key or "")

    def update_master_key(self, context: Context, arguments: Any) -> None:
        """Give a master key another text."""
        self.catalog.tokens.change_key(caller_of(context), arguments.seq_number or 0, arguments.key or "")

    def remove_master_key(self, context: Context, arguments: Any) -> bool:
        """Forget a master key; whether there was one."""
        return self.catalog.tokens.forget_key(caller_of(context), arguments.key_seq or 0)

    def get_master_keys(self, context: Context, arguments: Any) -> list[str]:  # noqa: ARG002
        """All master keys."""
        return self.catalog.tokens.keys(caller_of(context))
