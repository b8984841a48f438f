#!/bin/sh
# run.sh HEDDLE RUNS: each program here is free of races and stays silent, that many times; its twin, in which one call of Atomics was
# made plain (the text behind "// twin:"), is caught, every time: the call is one whose first use no lock and no wait can order.
set -eu
heddle=$1 runs=$2
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

# programs KIND: the folder with the programs, as they are or with one call made plain.
programs() {
    mkdir -p "$work/$1"
    for file in "$here"/*.yaml; do
        if [ "$1" = twin ]; then
            # Its log may differ and it may hang for want of a wake-up: only the race counts.
            sed -E 's,^( *).*// twin: (.*)$,\1\2,; /^expect:/,$d' "$file" >"$work/$1/$(basename "$file")"
            printf 'limits: {time_ms: 5000}\n' >>"$work/$1/$(basename "$file")"
        else
            cp "$file" "$work/$1/"
        fi
    done
    library=$here/../../node_modules/ringbuf.js/dist/index.es.js
    if [ ! -f "$library" ]; then rm -f "$work/$1/ringbuf.yaml"; echo "ringbuf.js is not installed: left out"; return; fi
    sed '/^needs:/d' "$work/$1/ringbuf.yaml" >"$work/$1/r" && mv "$work/$1/r" "$work/$1/ringbuf.yaml"
    if [ "$1" = twin ]; then
        # The reader's half of the queue: what the producer publishes is no longer read with Atomics.
        sed 's/const wr = Atomics.load(this.write_ptr, 0);/const wr = this.write_ptr[0];/' "$library" >"$work/$1/ringbuf.mjs"
    else
        cp "$library" "$work/$1/ringbuf.mjs"
    fi
}

programs silent
programs twin
for file in "$work"/silent/*.yaml; do
    name=$(basename "$file" .yaml) silent=0 caught=0
    for run in $(seq "$runs"); do
        if "$heddle" run --timeout 60 "$file" >"$work/out" 2>&1 && grep -q ' 0 races$' "$work/out"; then silent=$((silent + 1))
        else failed=1; cat "$work/out"; fi
        timeout 60 "$heddle" run --timeout 20 "$work/twin/$name.yaml" >"$work/out" 2>&1 || true
        if grep -q '^race: ' "$work/out"; then caught=$((caught + 1))
        else failed=1; cat "$work/out"; fi
    done
    echo "$name: silent in $silent of $runs runs, its twin caught in $caught of $runs"
done
exit $failed
