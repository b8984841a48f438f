#!/bin/sh
# reported.sh COMMAND…: succeeds when ThreadSanitizer reports a data race in COMMAND. A race is only seen when its two sides
# come near each other, so that the command may run a few times.
export TSAN_OPTIONS="halt_on_error=1 exitcode=66"
for _ in 1 2 3 4 5; do
    output=$(timeout 100 "$@" 2>&1)
    result=$?
    case $output in *"ThreadSanitizer: data race"*) [ $result = 66 ] && exit 0 ;; esac
done
printf '%s\n' "$output" | tail -20
echo "no data race was reported (exit code $result)"
exit 1
