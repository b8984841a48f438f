#!/usr/bin/env python3
"""Lists what Deno passes of web-platform-tests: the yardstick for what a runtime without a document can pass.

    tests/conformance/deno.py DENO CHECKOUT [PATH...] > tests/conformance/deno-passes.txt

Deno has no document, so this runs what needs none: the tests of .any.js files that ask for a window or a dedicated
worker, and .worker.js files. Every test is one program: the suite's harness, the scripts that its META comments name
and the test itself, one after the other. Its requests are answered by a server of the checkout on this machine. Names
are those of `heddle wpt`: "path :: subtest".
"""
import http.server
import json
import os
import re
import subprocess
import sys
import tempfile
import threading

FOLDERS = """html/infrastructure/safe-passing-of-structured-data html/webappapis/microtask-queuing html/webappapis/scripting
html/webappapis/timers html/browsers/origin/origin-keyed-agent-clusters webmessaging workers web-locks hr-time dom/abort
dom/events worklets service-workers""".split()

SECONDS = 10  # for one test

BEFORE = """
globalThis.window = globalThis;
globalThis.GLOBAL = {isWindow: () => WINDOW, isWorker: () => !WINDOW, isShadowRealm: () => false};
const importScripts = () => {};
"""
AFTER = """
add_completion_callback((tests) => {
  for (const test of tests) if (test.status === 0) console.log("PASS " + JSON.stringify(test.name));
  console.log("END");
  Deno.exit(0);
});
"""


def tests_of(checkout, paths):
    for path in paths:
        found = [path] if path.endswith('.js') else sorted(
            os.path.relpath(os.path.join(folder, name), checkout)
            for folder, _, names in os.walk(os.path.join(checkout, path)) for name in names
            if not re.search('/(resources|support)(/|$)', folder))
        for name in found:
            if name.endswith(('.any.js', '.worker.js')):
                yield name


def read(checkout, name, base=''):
    name = name.lstrip('/') if name.startswith('/') else os.path.join(base, name)
    if name == 'resources/WebIDLParser.js':  # the suite's server has it under this name, too
        name = 'resources/webidl2/lib/webidl2.js'
    with open(os.path.join(checkout, name), encoding='utf-8', errors='replace') as source:
        return source.read()


def scripts_exist(checkout, name):
    try:
        list(programs(checkout, name))
        return True
    except FileNotFoundError:
        return False


def globals_of(meta):
    asked = next((value for key, value in meta if key == 'global'), 'window,dedicatedworker').split(',')
    asked = [name.strip() for name in asked]
    return ('window' in asked, 'worker' in asked or 'dedicatedworker' in asked)


def programs(checkout, name):
    """The pages that heddle runs for this file and Deno can run too: their names and programs."""
    text = read(checkout, name)
    meta = re.findall(r'^// META: *([a-z]+)=(.*?)\s*$', text, re.M)
    scripts = ''.join(read(checkout, value, os.path.dirname(name)) + '\n;' for key, value in meta if key == 'script')
    loaded = re.findall(r'importScripts\(["\'](?!/resources/testharness\.js)([^"\']*\.js)["\']\)', text) if name.endswith('.worker.js') else []
    scripts += ''.join(read(checkout, script, os.path.dirname(name)) + '\n;' for script in loaded)
    window, worker = globals_of(meta) if name.endswith('.any.js') else (False, True)
    endings = ([('.any.html', True)] if window else []) + ([('.any.worker.html', False)] if worker else [])
    for ending, is_window in endings if name.endswith('.any.js') else [('.worker.html', False)]:
        page = re.sub(r'(\.any|\.worker)\.js$', ending, name)
        title = next((value for key, value in meta if key == 'title'), os.path.basename(name).split('.')[0])
        program = BEFORE.replace('WINDOW', 'true' if is_window else 'false') + read(checkout, 'resources/testharness.js') + \
            AFTER + scripts + text + ('\n;done();' if not is_window and not name.endswith('.worker.js') else '')
        for variant in [value for key, value in meta if key == 'variant'] or ['']:
            yield page + variant, program, variant, title


def passes(deno, program, url):
    with tempfile.NamedTemporaryFile('w', suffix='.js', delete=False) as file:
        file.write(program)
    try:
        run = subprocess.run([deno, 'run', '--allow-all', '--no-config', '--location', url, file.name], text=True, errors='replace',
                             capture_output=True, timeout=SECONDS, env={**os.environ, 'NO_COLOR': '1', 'DENO_NO_UPDATE_CHECK': '1'})
        output = run.stdout
    except subprocess.TimeoutExpired as late:
        output = (late.stdout or b'').decode()
    finally:
        os.unlink(file.name)
    return [json.loads(line[5:]) for line in output.splitlines() if line.startswith('PASS ')]


def spelled(name):
    """As in heddle's expectation files."""
    return name.replace('\\', '\\\\').replace('\n', '\\n').replace('\r', '')


def main():
    deno, checkout, paths = sys.argv[1], sys.argv[2], sys.argv[3:] or FOLDERS
    version = subprocess.run([deno, '--version'], text=True, capture_output=True).stdout.split()[1]
    handler = type('Files', (http.server.SimpleHTTPRequestHandler,), {'log_message': lambda *_: None})
    server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), lambda *a: handler(*a, directory=checkout))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f'# What Deno {version} passes of the suite (tests/conformance/deno.py). Names of tests only.')
    for name in tests_of(checkout, paths):
        if not scripts_exist(checkout, name):
            continue
        for page, program, variant, title in programs(checkout, name):
            url = f'http://127.0.0.1:{server.server_port}/{page.split("?")[0]}{variant}'
            for passed in sorted(passes(deno, program, url)):
                passed = re.sub('^Untitled', lambda _: title, passed)  # what the harness calls a test without a name here
                print(f'{page} :: {spelled(passed)}', flush=True)


main()
