"""`catalog credentials` makes lines that the server takes."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner

from catalog_server.authentication import Passwords, Tokens
from catalog_server.cli import app


def test_a_password_s_line_lets_its_user_in(tmp_path: Path) -> None:
    made = CliRunner().invoke(app, ["credentials", "password", "ann"], input="secret\n")
    (tmp_path / "users").write_text(made.stdout)
    assert Passwords(str(tmp_path / "users")).verify("ann", "secret") == "ann"
    assert "secret" not in made.stdout


def test_a_token_is_shown_once_and_its_line_lets_its_user_in(tmp_path: Path) -> None:
    made = CliRunner().invoke(app, ["credentials", "token", "etl"])
    (tmp_path / "tokens").write_text(made.stdout)
    token = made.stderr.strip().rpartition(" ")[2]
    assert Tokens(str(tmp_path / "tokens")).verify(token) == "etl"
    assert token not in made.stdout


def test_an_empty_password_is_refused() -> None:
    assert CliRunner().invoke(app, ["credentials", "password", "ann"], input="\n").exit_code == 2
