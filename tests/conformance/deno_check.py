#!/usr/bin/env python3
"""Whether heddle passes what Deno passes of web-platform-tests, or says why not.

    tests/conformance/deno_check.py HEDDLE CHECKOUT

Runs the tests of deno-passes.txt. What of it does not pass is printed with the reason that wpt.expect gives, or the one
that stands below for tests that heddle does not have. Exit code 1 when there is none, or when it is an open defect.
"""
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
NOT_OURS = [
    (r':: \[\[CanBlock\]\] in a Window$', 'a worker is no window; in Deno a worker is none for the harness'),
    (r'\.worker\.html :: .*\bNavigator\b', 'the standard has Navigator in windows alone'),
]


def reasons():
    reason, found = None, {}
    with open(os.path.join(HERE, 'wpt.expect'), encoding='utf-8') as lines:
        for line in map(lambda text: text.rstrip('\n'), lines):
            if line.startswith('='):
                reason = line[1:].strip()
            elif line and not line.startswith('#'):
                found[line] = reason
    return found


def names(heddle, checkout, paths, *options):
    """What `heddle wpt --list` prints: the failures, as the expectation file has them."""
    run = subprocess.run([heddle, 'wpt', *options, checkout, *paths], text=True, capture_output=True, errors='replace')
    if run.returncode > 1:
        sys.exit(run.stderr)
    return run.stdout.splitlines()


def main():
    heddle, checkout = sys.argv[1:3]
    with open(os.path.join(HERE, 'deno-passes.txt'), encoding='utf-8') as lines:
        passes = [line.rstrip('\n') for line in lines if not line.startswith('#')]
    paths = sorted({line.split(' :: ')[0] for line in passes})
    ours = {re.sub(r'^pass ', '', line) for line in names(heddle, checkout, paths, '--verbose', '--expect', 'none') if line.startswith('pass ')}
    known, missing = reasons(), 0
    behind = [name for name in passes if name.replace('\\n', ' ').replace('\\\\', '\\') not in ours]
    for name in behind:
        reason = known.get(name) or next((why for pattern, why in NOT_OURS if re.search(pattern, name)), None)
        missing += not reason or reason.startswith('open')
        print(f'{name}\n    {reason or "no reason is given"}')
    print(f'Deno passes {len(passes)}, heddle {len(passes) - len(behind)} of them; {missing} without a reason')
    return missing > 0


sys.exit(main())
