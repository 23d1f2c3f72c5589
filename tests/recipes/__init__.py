"""The recipes in docs/recipes, tried."""
