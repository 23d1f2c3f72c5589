"""Taking over what another tool has migrated, or what nobody has recorded."""
