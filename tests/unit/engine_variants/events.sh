#!/bin/sh
# events.sh OBSERVED ORACLE SCRIPT: both programs must print the same events.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$1" "$3" >"$folder/observed"
"$2" "$3" >"$folder/oracle"
if ! cmp -s "$folder/observed" "$folder/oracle"; then
    echo "the observed variant (-) and the fully instrumented engine (+) see different accesses:"
    diff -u "$folder/observed" "$folder/oracle" | head -40
    exit 1
fi
echo "$(grep -c '^\(bulk \)\?\(read\|write\)' "$folder/observed") equal events"
