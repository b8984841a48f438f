#!/bin/sh
# Whatever is wrong with a file or a script: a clear message with its place and the right exit code.
. "$(dirname "$0")/harness.sh"

expect 'missing scenario' 3 'nothing.yaml.*no such file' -- run nothing.yaml
expect 'missing script' 3 'nothing.js.*no such file' -- run nothing.js
expect 'no path' 2 'name a scenario' -- run
expect 'unknown option' 2 "'--fast' is not an option" -- run --fast x.js
expect 'unknown command' 2 "no command 'walk'" -- walk
expect 'bad number' 2 'takes a whole number' -- run --repeat none x.js
expect 'bad time' 2 'takes a number of seconds' -- run --timeout soon x.js

# Files that are none, or not what they seem.
mkdir -p hollow/deeper and.yaml
expect 'a folder without scenarios' 3 'hollow: the folder holds no scenarios' -- run hollow
expect 'a folder named like a scenario' 3 'and.yaml: the folder holds no scenarios' -- run and.yaml
expect 'a folder named like a script' 3 'deeper: the folder holds no scenarios' -- run hollow/deeper
: >void.yaml
expect 'empty scenario' 3 'void.yaml:1:1: the file is empty; expected a scenario' -- run void.yaml
: >void.js
expect 'empty script' 0 'holds' -- run void.js
printf '\177ELF\001\000\377' >binary.yaml
expect 'binary scenario' 3 'binary.yaml:1:1: expected UTF-8 text' -- run binary.yaml
printf '\377\376\375' >binary.js
expect 'binary script' 1 'SyntaxError: invalid UTF-8' 'binary.js:1:1' -- run binary.js
ln -s nowhere broken.yaml
expect 'broken link' 3 'broken.yaml: there is no such file' -- run broken.yaml
mkfifo pipe.js
expect 'a pipe' 3 'pipe.js: it is no regular file' -- run pipe.js
expect 'a device' 3 '/dev/zero: it is no regular file' -- run /dev/zero
echo 'console.log(1);' >secret.js && chmod 000 secret.js
[ -r secret.js ] || expect 'no permission' 3 'secret.js: it cannot be read: permission denied' -- run secret.js

# Numbers and places that cannot be.
expect 'no jobs' 2 "--jobs takes a whole number from 1 to 1000, not '0'" -- run --jobs 0 x.js
expect 'no repetition' 2 "--repeat takes a whole number from 1, not '0'" -- run --repeat 0 x.js
expect 'endless repetition' 2 '--repeat takes a whole number' -- run --repeat 99999999999999999999 x.js
expect 'JUnit nowhere' 2 'cannot write none/x.xml: No such file' -- run --junit none/x.xml x.js
echo 'for (;;);' >always.js
expect 'a very short time' 4 'time limit' -- run --timeout 0.0001 always.js

# What cannot be printed is no success.
lost() {
    name=$1; shift
    "$@" 2>output
    { [ $? = 70 ] && grep -q 'standard output could not be written' output; } || {
        failures=$((failures + 1)); echo "FAILED $name"; sed 's/^/    /' output; }
}
full() { "$heddle" "$@" >/dev/full; }
closed() { "$heddle" "$@" >&-; }
for closing in full closed; do
    lost "$closing: run" $closing run void.js
    lost "$closing: jobs" $closing run --jobs 2 void.js void.js
    lost "$closing: JSON" $closing run --json void.js
    lost "$closing: help" $closing --help
    lost "$closing: schema" $closing schema
done
expect 'JUnit on a full disk' 70 'cannot write /dev/full' -- run --junit /dev/full void.js

printf 'title: A typo\nwindows:\n  page: "never closed\nexpect: {log: []}\n' >typo.yaml
expect 'YAML typo' 3 'typo.yaml:[0-9]+:[0-9]+' -- run typo.yaml
printf 'title: A key\nwindows:\n  page: 1\nexpcet: {log: []}\n' >key.yaml
expect 'unknown key' 3 'key.yaml:4:1: .*expcet' -- run key.yaml

echo 'const a = 1; let let = 2;' >syntax.js
expect 'syntax error' 1 'SyntaxError' 'syntax.js:1' -- run syntax.js
printf 'const a = 1;\n\nthrow new TypeError("not today");\n' >thrown.js
expect 'exception at top level' 1 'uncaught-error: TypeError: not today' 'thrown.js:3' -- run thrown.js
echo 'Promise.reject(new RangeError("left alone"));' >rejected.js
expect 'unhandled rejection' 1 'unhandled-rejection: RangeError: left alone' -- run rejected.js
echo 'import "./nowhere.mjs";' >import.mjs
expect 'missing module' 1 'nowhere.mjs' -- run import.mjs
printf 'function down() { return down() + 1; }\ndown();\n' >recursion.js
expect 'runaway recursion' 1 'stack-exhausted: RangeError: Maximum call stack size exceeded' -- run recursion.js
echo 'for (;;);' >loop.js
expect 'infinite loop' 4 'time limit' -- run --timeout 0.2 loop.js
echo 'try { for (;;); } finally { console.log("never"); }' >finally.js
expect 'finally does not run' 4 'time limit' '!never$' -- run --timeout 0.2 finally.js

mkdir -p deep && printf '\n\nexport const one = undefined.two;\n' >deep/module.mjs
echo 'import "./deep/module.mjs";' >outer.mjs
expect 'the place is a file' 1 'TypeError' 'at deep/module.mjs:3' '!https://scenario' -- run outer.mjs
echo 'new Worker("./inner.js");' >outer.js && printf '\nthrow new Error("inside");\n' >inner.js
expect 'the place is the file of a worker' 1 'Error: inside' 'at inner.js:2' '!https://scenario' -- run outer.js

cat >heap.yaml <<'END'
title: One agent uses up its heap
limits: {heap_mb: 8}
files:
  glutton.js: |
    const all = [];
    for (;;) all.push(new Array(1000).fill(all.length));
windows:
  page: |
    const glutton = new Worker("glutton.js", { name: "glutton" });
    setTimeout(() => console.log("the page goes on"), 50);
END
expect 'heap exhaustion' 1 'heap-exhausted' 'page .*the page goes on' -- run heap.yaml
finish
