#!/bin/sh
# Help, version, lists, formats.
. "$(dirname "$0")/harness.sh"

expect help 0 '^Usage: heddle COMMAND' '^  run ' '^  list ' '^  schema ' 'Exit codes: 0 ' '130 interrupted' -- --help
expect 'no command' 2 '^Usage: heddle COMMAND' --
expect 'help of run' 0 '^Usage: heddle run' '--timeout SECONDS' '--junit FILE' '--main window\|worker' -- run --help
expect version 0 '^heddle [0-9]' 'QuickJS-ng [0-9.]+' 'variant' '^compiler +(gcc|clang)' -- --version
expect 'plain version' 0 'plain variant' -- --version --unobserved
expect schema 0 '"\$schema"' -- schema
echo 'console.log("hello");' >hello.js
expect text 0 '^main +window .*hello' 'holds · 1 agent' 'checked' -- run hello.js
expect json 0 '^\{.*"hello".*\}$' -- run --json hello.js
expect times 0 '[0-9] ms.*hello' -- run --times hello.js
expect junit 0 -- run --junit result.xml hello.js
grep -q '<testcase' result.xml || { echo "FAILED junit: no test case"; failures=$((failures + 1)); }
echo 'console.log(typeof heddle, Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5));' >worker.js
expect worker 0 'object timed-out' -- run --main worker worker.js
expect pure 0 'undefined timed-out' -- run --pure --main worker worker.js
expect window 1 'TypeError' -- run worker.js
finish
