#!/bin/sh
# symbols.sh PROGRAM ALLOWED plain|observed OBJECT: every function of the C library that the engine calls is in the list. A new one could touch
# shared bytes unseen; the observed variant may not call the redirected ones at all.
set -eu
program=$1 allowed=$2 variant=$3 object=$4
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
for library in $(ldd "$program" | sed -n 's/.* => \(\/.*\) (.*/\1/p'); do
    nm -D --defined-only "$library" | sed 's/.* //; s/@.*//'
done | sort -u >"$folder/library"
sed -n "s/^$variant://p; /^[a-z0-9_]*\$/p" "$allowed" | sort -u >"$folder/allowed"
nm -u "$object" 2>/dev/null | sed -n 's/^ *U //p' | sort -u >"$folder/wanted"
comm -12 "$folder/wanted" "$folder/library" | comm -23 - "$folder/allowed" >"$folder/new"
if [ -s "$folder/new" ]; then
    echo "the $variant engine calls functions of the C library that nobody has looked at:"
    cat "$folder/new"
    echo "if they cannot touch shared bytes, add them to $allowed; otherwise redirect them (src/engine/callbacks.c)"
    exit 1
fi
echo "$(comm -12 "$folder/wanted" "$folder/library" | wc -l) functions, all known"
