"""A click script that does nothing."""

import click


@click.command()
@click.option("--name", help="Whom to greet.")
def greet(name: str) -> None:
    """Greet somebody."""
    click.echo(name)


if __name__ == "__main__":
    greet()
