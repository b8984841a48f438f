#!/bin/sh
# Help, version, lists, formats.
. "$(dirname "$0")/harness.sh"

expect help 0 '^Usage: heddle COMMAND' '^  run ' '^  list ' '^  schema ' 'Exit codes: 0 ' '130 interrupted' -- --help
expect 'no command' 2 '^Usage: heddle COMMAND' --
expect 'help of run' 0 '^Usage: heddle run' '--timeout SECONDS' '--junit FILE' '--main window\|worker' -- run --help
expect version 0 '^heddle [0-9]' 'QuickJS-ng [0-9.]+, (plain|observed) variant$' \
    '^features +observed variant: (yes|no), tail calls: (yes|no)' '^compiler +(gcc|clang)' -- --version
expect 'plain version' 0 'plain variant' -- --version --unobserved
expect 'help of list' 0 '^Usage: heddle list' -- list --help
expect 'help of schema' 0 '^Usage: heddle schema' -- schema --help
expect 'help of test262' 0 '^Usage: heddle test262' -- test262 --help
mkdir hollow
expect 'an empty list' 3 'hollow holds no scenarios' -- list hollow
expect 'a list of nothing' 3 'cannot read gone: No such file' -- list gone
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
expect 'the command that repeats a run' 1 'again +heddle run --main window --clock real --timeout 9 --pure --unobserved worker.js$' \
    -- run --main window --clock real --timeout 9 --pure --unobserved worker.js
expect window 1 'TypeError' -- run worker.js

cat >lesson.yaml <<'END'
title: A lesson
teaches: [9]
seeds: ["003"]
mark: ✓
says: One thing.
means: |
  A long explanation whose words are set in columns of at most ninety-six characters, whatever the lines of the file
  look like, with the label of the field standing in front of the first one.
like: [One, Two]
windows: {page: "console.log(1)"}
expect: {log: [{text: "1", shows: 9}]}
END
expect explain 0 '^A lesson$' 'from 003 · ✓ the seed text agrees' '^  says     One thing.$' '^           look like, with|^           .*label' \
    '^  like     One$' '^           Two$' '^  9        Which globals' 'heddle run lesson.yaml' -- explain lesson.yaml
expect 'explain a number' 0 '^A lesson$' -- explain 9 .
expect 'explain what has no scenario' 0 '^  10 .*Relatives' 'waits for' -- explain 10 .
expect 'explain no number' 2 'no number 999' -- explain 999
expect 'explain nothing' 2 'name a scenario' -- explain
expect 'explain a bad file' 3 'there is no such file' -- explain none.yaml
mkdir -p all/subject && cp lesson.yaml all/subject/
expect list 0 '^subject$' '^  A lesson +9 +all/subject/lesson.yaml' -- list all
rm -r lesson.yaml all

# A run that would go on for ever ends by itself and names the timer.
echo 'setInterval(() => {}, 1000);' >interval.js
expect interval 4 'setInterval\(…, 1000\) of main is never cleared' 'at interval.js:1:1' 'time limit reached' -- run interval.js

# Several runs at once are reported in the order of the files, whatever ends first.
for n in 1 2 3 4 5; do echo "setTimeout(() => { console.log('$n'); if ($n === 4) throw new Error('four'); }, $n);" >"$n.js"; done
expect 'jobs' 1 '^5 scenarios · 4 hold · 1 fails' 'Error: four' 'again: heddle run 4.js' -- run --jobs 3 1.js 2.js 3.js 4.js 5.js
[ "$(sed -n 's/^[^ ]* \([1-5]\).js · .*/\1/p' output | tr -d '\n')" = 12345 ] || {
    echo 'FAILED jobs: not in order'; cat output; failures=$((failures + 1)); }
expect 'repeated in jobs' 0 '20 of 20 runs hold' -- run --jobs 4 --repeat 20 1.js
expect 'jobs go on beside a bad file' 3 'there is no such file' '2 scenarios · 1 holds · 1 cannot be loaded' -- run --jobs 2 none.js 1.js
expect 'no jobs' 2 '--jobs takes a whole number' -- run --jobs 0 1.js

# Source maps: errors and races name the sources, also those of scripts that lie elsewhere.
mkdir -p built && cat >built/deep.js <<'END'
function inner(x) {
  throw new TypeError("deep " + x.n);
}
function outer() {
  inner({ n: 1 });
}
outer();
//# sourceMappingURL=deep.js.map
END
cat >built/deep.js.map <<'END'
{"version": 3, "sources": ["../deep.ts"], "names": [], "sourcesContent": ["type N = { n: number };\nfunction inner(x: N) {…"],
 "mappings": "AACA,SAAS,MAAM,GAAM;AAAE,QAAM,IAAI,UAAU,UAAU,EAAE,CAAC;AAAG;AACpD,SAAS,QAAQ;AAAE,QAAM,EAAE,GAAG,EAAE,CAAC;AAAG;AAC3C,MAAM;"}
END
expect 'source map' 1 'TypeError: deep 1' 'at deep.ts:2:' 'at inner \(deep.ts:2:' 'at outer \(deep.ts:3:' 'at deep.ts:4:1' \
    '!deep.js:' -- run built/deep.js
echo 'import "./built/deep.js";' >imports.mjs
expect 'source map of a module' 1 'at deep.ts:2:' 'at outer \(deep.ts:3:' -- run imports.mjs
echo '{"version": 3, "mappings": "no map"}' >built/deep.js.map
expect 'bad source map' 1 'at built/deep.js:2:' -- run built/deep.js
cat >built/race.js <<'END'
onmessage = ({ data }) => {
  for (let i = 0; i < 2000; i++)
    data[0] = data[0] + 1;
};
//# sourceMappingURL=data:application/json,{"version":3,"sources":["race.ts"],"sourcesContent":["one\ntwo\n%20%20cells[0]%20=%20cells[0]%20+%201;"],"mappings":"AAAA;AACA;AACA"}
END
cat >races.js <<'END'
const cells = new Int32Array(new SharedArrayBuffer(4));
for (const name of ["left", "right"]) new Worker("built/race.js", { name }).postMessage(cells);
END
# The thread sanitizer takes the place of the observed variant, and with it of race detection.
if ! "$heddle" --version | grep -q 'observed variant: no'; then
    expect 'source map of a race' 1 'at onmessage \(built/race.ts:3:1\)' 'cells\[0\] = cells\[0\] \+ 1' -- run races.js
    printf 'race race.ts:3 -- meant\nrace other.js:1 -- gone\n' >known.txt
    expect 'known races' 0 '· [12] meant$' '^known.txt:2: unused: no race at other.js:1$' '!^known.txt:1' \
        -- run --suppressions known.txt races.js
    expect 'known races in jobs' 0 '^known.txt:2: unused: no race at other.js:1$' '!^known.txt:1' \
        -- run --jobs 2 --suppressions known.txt races.js hello.js
    echo 'race race.ts -- where' >known.txt
    expect 'bad list of known races' 3 '^known.txt:1:6: expected one or two places' -- run --suppressions known.txt races.js
fi

# An interruption is told after what was found.
echo 'console.log("running"); for (;;);' >endless.js
"$heddle" run endless.js >output 2>&1 & process=$!
sleep 1; kill -INT $process; wait $process; code=$?
{ [ $code = 130 ] && grep -q running output; } || { echo "FAILED interruption: code $code"; cat output; failures=$((failures + 1)); }
finish
