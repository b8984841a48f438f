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
