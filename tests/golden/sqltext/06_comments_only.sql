-- There is no way back from this one,
-- and that is on purpose;
/* nothing to do */
# truly nothing
