#!/bin/sh
# heddle wpt over a checkout in small, with a harness of its own: which pages there are, what they are served, how long
# they may take, and what is told of them.
. "$(dirname "$0")/harness.sh"

mkdir -p suite/resources suite/a/support suite/limits
cat >suite/resources/testharness.js <<'END'
(() => {
  const tests = [], listeners = [];
  let left = self.location.pathname.includes('.serviceworker.') ? 2 : 1, over = false; // a registration takes its time
  const record = (name, error) => tests.push({ name, status: error ? 1 : 0, message: error ? String(error) : null });
  const finish = status => {
    if (over) return;
    over = true;
    for (const listener of listeners) listener(tests, { status, message: null });
  };
  const settle = () => { if (--left === 0) finish(0); };
  self.setup = () => {};
  self.add_completion_callback = listener => listeners.push(listener);
  self.test = (body, name) => {
    try { body(); record(name); } catch (error) { record(name, error); }
  };
  self.equals = (got, wanted) => { if (got !== wanted) throw Error(`${got} instead of ${wanted}`); };
  self.later = (ms, name) => { left++; setTimeout(() => { record(name); settle(); }, ms); };
  self.done = () => { if (self.DedicatedWorkerGlobalScope) postMessage(tests); };
  self.fetch_tests_from_worker = worker => {
    left += !worker.scriptURL;
    const target = worker.port ?? (worker.scriptURL ? navigator.serviceWorker : worker);
    if (worker.scriptURL) worker.postMessage('report');
    target.onmessage = e => { tests.push(...e.data); settle(); };
  };
  if (!self.document) {
    self.onconnect = e => e.ports[0].postMessage(tests);
    if (self.ServiceWorkerGlobalScope) self.onmessage = e => e.source.postMessage(tests);
    return;
  }
  const long = [...document.getElementsByTagName('meta')].some(m => m.getAttribute('content') === 'long');
  addEventListener('load', () => { setTimeout(finish, long ? 60000 : 10000, 2); settle(); });
})();
END
harness='<script src="/resources/testharness.js"></script><script src="/resources/testharnessreport.js"></script>'
cat >suite/a/where.any.js <<'END'
// META: global=window,worker
// META: script=support/helper.js
test(() => equals(GLOBAL.isWindow(), 'document' in self), 'the global is ' + helper(self));
END
echo "self.helper = scope => scope.constructor.name" >suite/a/support/helper.js
echo "test(() => equals(location.pathname, '/a/own.window.html'), 'a window')" >suite/a/own.window.js
echo "importScripts('/resources/testharness.js'); test(() => {}, 'a worker'); done();" >suite/a/own.worker.js
echo "$harness<script>test(() => equals('{{host}}', location.hostname), 'substituted')</script>" >suite/a/host.sub.html
echo "$harness<script>test(() => equals(crossOriginIsolated, true), 'isolated')</script>" >suite/a/isolated.https.html
printf 'Cross-Origin-Opener-Policy: same-origin\nCross-Origin-Embedder-Policy: require-corp\n' >suite/a/isolated.https.html.headers
echo "$harness<script>test(() => equals(1, 2), 'one <is> two')</script>" >suite/a/wrong.html
echo "later(9000, 'nine seconds')" >suite/limits/short.window.js
echo "later(30000, 'half a minute')" >suite/limits/late.window.js
printf "// META: timeout=long\nlater(59000, 'a minute')" >suite/limits/long.window.js
printf "// META: timeout=long\nlater(61000, 'more than a minute')" >suite/limits/longer.window.js
echo '<!-- loads no /resources/testharness.js --><script>setInterval(() => {}, 100)</script>' >suite/limits/silent.html

expect 'every global' 0 'pass a/where.any.html :: the global is Window' 'pass a/where.any.worker.html :: the global is DedicatedWorker' \
    'pass a/where.any.sharedworker.html :: the global is SharedWorker' 'pass a/where.any.serviceworker.html :: the global is ServiceWorker' \
    '^passed 4 failed 0 of 4$' -- wpt --verbose suite a/where.any.js
expect 'a window script' 0 'pass a/own.window.html :: a window' '^passed 1 failed 0 of 1$' -- wpt --verbose suite a/own.window.js
expect 'a worker script' 0 'pass a/own.worker.html :: a worker' '^passed 1 failed 0 of 1$' -- wpt --verbose suite a/own.worker.js
expect 'substitution' 0 'pass a/host.sub.html :: substituted' -- wpt --verbose suite a/host.sub.html
expect 'headers' 0 'pass a/isolated.https.html :: isolated' -- wpt --verbose suite a/isolated.https.html
expect 'a page' 1 'FAIL a/wrong.html :: one <is> two: Error: 1 instead of 2' '^passed 0 failed 1 of 1$' -- wpt suite a/wrong.html
expect 'a folder' 1 'FAIL a/wrong.html' '!^FAIL a/[^w]' '^passed 8 failed 1 of 9$' -- wpt suite a
[ "$(tail -n 1 output)" = 'passed 8 failed 1 of 9' ] || { failures=$((failures + 1)); echo 'FAILED the last line'; cat output; }

printf 'a/own.window.js\na/host.sub.html\na/own.window.js\n' >suite/list
cp suite/list list
expect 'a list' 0 '^passed 2 failed 0 of 2$' -- wpt suite @list
expect 'a list and a file' 1 '^passed 2 failed 1 of 3$' -- wpt suite @list a/wrong.html
echo 'a/nowhere.html' >>list
expect 'a list with a wrong name' 3 'list: not found|nowhere' -- wpt suite @list
expect 'no such list' 3 'missing' -- wpt suite @missing
expect 'no such file' 2 'a/nowhere.html: not found' -- wpt suite a/nowhere.html
expect 'no checkout' 2 'no checkout of web-platform-tests' -- wpt .

# The harness has 10 s, or 60 s for long tests, and the run some more: all of the virtual clock.
begun=$(date +%s)
expect 'limits' 1 'pass limits/short.window.html :: nine seconds' 'FAIL limits/late.window.html: the harness timed out' \
    'pass limits/long.window.html :: a minute' 'FAIL limits/longer.window.html: the harness timed out' \
    'FAIL limits/silent.html: no results within the time limit' '^passed 2 failed 3 of 5$' -- wpt --verbose suite limits
[ $(($(date +%s) - begun)) -lt 40 ] || { failures=$((failures + 1)); echo 'FAILED limits: they took the time of the machine'; }

cat >expected <<'END'
# A comment.
= two is more than one
a/wrong.html :: one <is> two
= not to be run
leave limits
END
expect 'expected failures' 0 'expected failures 1, unexpected failures 0, unexpected passes 0, tests left out 5' '!^FAIL' \
    '^passed 8 failed 1 of 9$' -- wpt --expect expected suite
expect 'as JUnit' 0 '^passed' -- wpt --expect expected --junit results.xml suite a
expect 'as JUnit, unexpected' 1 '^passed' -- wpt --junit failed.xml suite a/wrong.html
grep -Eq '<testsuite name="wpt" tests="9" failures="0" skipped="1"' results.xml &&
    grep -q 'name="a/wrong.html :: one &#60;is&#62; two"' results.xml && grep -q 'two is more than one' results.xml &&
    grep -q '<failure message="Error: 1 instead of 2"' failed.xml ||
    { failures=$((failures + 1)); echo 'FAILED JUnit'; cat results.xml failed.xml; }
echo 'a/own.window.html :: a window' >>expected
expect 'a listed failure is gone' 1 'PASS a/own.window.html :: a window: but was expected to fail' -- wpt --expect expected suite a
expect 'list of failures' 1 '^a/wrong.html :: one <is> two$' -- wpt --list suite a
echo 'a/wrong.html' >wrong
expect 'no reason' 3 'wrong:1: an entry needs a reason' -- wpt --expect wrong suite a
expect 'no expectations' 3 'cannot read nothing' -- wpt --expect nothing suite a
expect 'a wrong number' 2 'not a number' -- wpt --jobs many suite
expect 'help' 0 '^Usage: heddle wpt' -- wpt --help
finish
