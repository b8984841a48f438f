#!/bin/sh
# weaken.sh EDIT SOURCE OUT: copies SOURCE with the sed script EDIT applied, which must change something: an edit that no
# longer fits its source would test nothing.
set -eu
sed -f "$1" "$2" >"$3"
if cmp -s "$2" "$3"; then
    rm -f "$3"
    echo "$1 changes nothing in $2: bring it up to date" >&2
    exit 1
fi
