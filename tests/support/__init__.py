"""What the tests stand on: servers, projects, and eyes of their own into both databases."""
