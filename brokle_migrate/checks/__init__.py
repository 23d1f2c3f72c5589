"""Rules over what was read: each finding has a stable id, a message and a hint.  Pure.

Before a run: ``state`` (where a database stands) and ``clustered``.  For ``check``: ``rule`` says
what a rule is, ``catalogue`` lists them, ``files`` has those about histories, and ``silencing``
applies the team's levels and what the files allow.
"""
