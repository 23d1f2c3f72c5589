#!/bin/sh
# Brings the databases to head, if DB_AUTO_MIGRATE says so, and then becomes the application.
#
# A shell keeps signals to itself while it waits for a command, and as process 1 it does not even end
# by them: the migration would go on until SIGKILL cuts it off.  Hence the lines between.
set -u

migration=
stopping=

stop() {
    [ -n "$migration" ] || exit 143
    stopping=yes
    kill -TERM "$migration"
}
trap stop TERM INT

brokle-migrate auto &
migration=$!
code=0
wait "$migration" || code=$?
while kill -0 "$migration" 2>/dev/null; do # a signal ended the wait, and not the migration
    code=0
    wait "$migration" || code=$?
done
migration=

[ "$code" -eq 0 ] || exit "$code"
[ -z "$stopping" ] || exit 143
trap - TERM INT
exec "$@"
