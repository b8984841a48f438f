#!/bin/sh
# heddle litmus from outside: what it prints, and its exit codes.
library=$(CDPATH='' cd -- "$(dirname "$0")/../../scenarios/litmus" && pwd)
. "$(dirname "$0")/harness.sh"

program() { # NAME LEFT RIGHT KEY…: SB with these accesses
    name=$1 left=$2 right=$3; shift 3
    { printf 'litmus: SB\nshared: |\n  const x = new Int32Array(new SharedArrayBuffer(4));\n'
      printf '  const y = new Int32Array(new SharedArrayBuffer(4));\n'
      printf 'agents:\n  left: |\n    %s\n  right: |\n    %s\n' "$left" "$right"
      for line; do printf '%s\n' "$line"; done; } >"$name"
}
program plain.yaml 'x[0] = 1; const r0 = y[0];' 'y[0] = 1; const r1 = x[0];' 'exists: r0 === 0 && r1 === 0'
program atomic.yaml 'Atomics.store(x, 0, 1); const r0 = Atomics.load(y, 0);' \
    'Atomics.store(y, 0, 1); const r1 = Atomics.load(x, 0);' 'forbidden: r0 === 0 && r1 === 0'
program wrong.yaml 'x[0] = 1; const r0 = y[0];' 'y[0] = 1; const r1 = x[0];' 'forbidden: r0 === 0 && r1 === 0' 'on-x86: no'
program wrong2.yaml 'x[0] = 1; const r0 = y[0];' 'y[0] = 1; const r1 = x[0];' 'forbidden: r0 === 0 && r1 === 0'

expect 'one program' 0 '^ *0 +0 │ no +yes +yes +← exists' '4 outcomes are allowed, 1 of them not' '✓ exists: r0' \
    'A data race: ' 'How r0 = 0, r1 = 0 comes about' -- litmus plain.yaml
expect 'forbidden, and why' 0 'Free of data races' 'a circle: e1 → e2 → e3 → e4 → e1' '✓ forbidden' -- litmus atomic.yaml
expect 'a wrong file' 3 'on-x86. is about the first .exists., and there is none' -- litmus wrong.yaml
expect 'what the file denies' 1 '✗ forbidden: r0' 'the memory model allows r0 = 0, r1 = 0 \(wrong2.yaml:10:12\)' -- litmus wrong2.yaml
expect 'a table' 1 'SB .* 2 +4 +1 +1 +yes .*✓ SB' '✗ forbidden' '3 programs, 2 as their files expect, 1 not' \
    -- litmus plain.yaml atomic.yaml wrong2.yaml
expect 'the library' 0 '[0-9]+ programs, [0-9]+ as their files expect, 0 not' '!✗' -- litmus "$library"
expect 'run takes litmus files too' 0 'SB .*✓' -- run plain.yaml
expect 'witness' 0 'r0 = 1, r1 = 0 is allowed' 'synchronizes with +e3 → e2' 'one memory order' -- \
    litmus atomic.yaml --witness 'r0=1 r1=0'
expect 'no witness' 0 'is forbidden' 'Sequentially Consistent Atomics' -- litmus atomic.yaml --witness 'r0=0, r1=0'
expect 'witness for programs' 0 '"readsBytesFrom":\[0,0,0,0\]' -- litmus plain.yaml --witness 'r0=0 r1=0' --json
expect 'witness for Graphviz' 0 '^digraph "SB"' 'label="rf"' -- litmus plain.yaml --witness 'r0=0 r1=0' --dot
expect 'a condition that is none' 2 'expected a register' -- litmus plain.yaml --witness 'r7=1'
expect 'JSON' 0 '"outcomes":\[\{"values":\{"r0":0,"r1":0\},"sequential":false,"onX86":true' -- litmus plain.yaml --json
expect 'stress' 0 '20,[0-9]{3} iterations' 'allowed and seen' '!FORBIDDEN' -- litmus atomic.yaml --count 20000
expect 'through the engine' 0 'Through the JavaScript engine: [1-9][0-9,]* iterations' '!FORBIDDEN' -- \
    litmus atomic.yaml --engine=0.1
expect 'sleeping for ever' 0 'may sleep for ever' -- litmus "$library/wait-notify.yaml" --engine
expect 'what stress cannot' 0 '--engine runs it' -- litmus "$library/message.yaml" --stress
expect 'sweep' 0 '16 ways' '1 of 16 ways forbid it' -- litmus sweep SB
expect 'sweep a file' 0 'writer writes flag\[0\], reader reads flag\[0\]' -- litmus sweep "$library/mp.yaml"
expect 'generate' 0 'exists: r0 === 1 && r1 === 0' -- litmus generate PodWW Rfe PodRR Fre
expect 'generate nonsense' 2 "'Pod' is no edge" -- litmus generate Pod Fre
expect 'generate what does not fit' 2 'PodWR ends with a read, but Rfe begins with a write' -- litmus generate PodWR Rfe
expect 'all programs' 0 '1147 programs' ' 0 free of data races and not sequentially consistent' -- litmus all
expect 'help' 0 'Usage: heddle litmus' 'Exit codes' -- litmus --help
expect 'no file' 2 'name a litmus file or a folder' -- litmus
expect 'a missing file' 3 'no such file' -- litmus nothing.yaml
expect 'an option that is none' 2 "'--fast' is not an option" -- litmus --fast plain.yaml
finish
