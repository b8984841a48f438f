/* Events, event handlers, AbortSignal and error reports, seen by scripts. */
#include "program_run.h"

#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void expect(const char *script, const char *lines)
{
    char *text = malloc(strlen(script) + 200);
    sprintf(text, "const say = (...a) => console.log(a.map(String).join(' '));\n"
                  "const name = f => { try { f(); return 'no error' } catch (e) { return e.name } };\n%s",
            script);
    char *seen = program_run(text);
    CU_ASSERT_STRING_EQUAL(seen, lines);
    if (strcmp(seen, lines) != 0)
        fprintf(stderr, "\n%s\ngave:\n%s\nexpected:\n%s\n", script, seen, lines);
    free(seen);
    free(text);
}

/* ---- EventTarget ---- */

static void listeners(void)
{
    expect("const t = new EventTarget(), f = e => say('f', e.type);\n"
           "t.addEventListener('a', f); t.addEventListener('a', f); t.addEventListener('a', f, true);\n"
           "t.addEventListener('a', null); t.addEventListener('b', { handleEvent(e) { say('object', this !== t) } });\n"
           "t.dispatchEvent(new Event('a')); t.dispatchEvent(new Event('b'));\n"
           "t.removeEventListener('a', f); t.removeEventListener('a', f, true); t.removeEventListener('a', f);\n"
           "say(t.dispatchEvent(new Event('a')));",
           "f a\nf a\nobject true\ntrue\n");
}

static void order_of_listeners(void)
{
    expect("const t = new EventTarget(), l = [];\n"
           "t.addEventListener('x', () => l.push('bubble'));\n"
           "t.addEventListener('x', () => l.push('capture'), { capture: true });\n"
           "t.addEventListener('x', () => { l.push('once'); t.dispatchEvent(new Event('y')) }, { once: true });\n"
           "t.addEventListener('x', () => t.addEventListener('x', () => l.push('late')), { once: true });\n"
           "t.dispatchEvent(new Event('x')); say(l); l.length = 0;\n"
           "t.dispatchEvent(new Event('x')); say(l);",
           "capture,bubble,once\ncapture,bubble,late\n");
}

static void removal_during_dispatch(void)
{
    expect("const t = new EventTarget(), b = () => say('b'), c = e => { say('c'); e.stopImmediatePropagation() };\n"
           "t.addEventListener('x', () => { say('a'); t.removeEventListener('x', b); for (let i = 0; i < 99; i++)"
           " t.addEventListener('x', () => say('never')) });\n"
           "t.addEventListener('x', b); t.addEventListener('x', c); t.addEventListener('x', () => say('d'));\n"
           "t.dispatchEvent(new Event('x'));",
           "a\nc\n");
}

static void flags(void)
{
    expect("const t = new EventTarget();\n"
           "t.addEventListener('x', e => e.preventDefault(), { passive: true });\n"
           "say(t.dispatchEvent(new Event('x', { cancelable: true })));\n"
           "t.addEventListener('x', e => { e.returnValue = false; say(e.defaultPrevented, e.eventPhase, e.isTrusted,"
           " e.target === t, e.currentTarget === t, e.srcElement === t, e.composedPath().length) });\n"
           "const e = new Event('x', { cancelable: true, bubbles: true });\n"
           "say(t.dispatchEvent(e), t.dispatchEvent(new Event('x')));\n"
           "say(e.eventPhase, e.currentTarget, e.target === t, e.composedPath().length, e.timeStamp >= 0);\n"
           "const stopped = new Event('x'); stopped.cancelBubble = true; t.dispatchEvent(stopped); say(stopped.cancelBubble);",
           "true\ntrue 2 false true true true 1\nfalse 2 false true true true 1\nfalse true\n0 null true 0 true\nfalse\n");
}

static void errors_of_calls(void)
{
    expect("const t = new EventTarget(), e = new Event('x');\n"
           "t.addEventListener('x', () => say(name(() => t.dispatchEvent(e)))); t.dispatchEvent(e);\n"
           "say(name(() => EventTarget()), name(() => new Event()), name(() => t.addEventListener('x')),\n"
           "    name(() => t.addEventListener('x', 1)), name(() => t.dispatchEvent({})), name(() => new Event('x', 1)),\n"
           "    name(() => t.addEventListener('x', null, { signal: null })), name(() => Event.prototype.type),\n"
           "    name(() => EventTarget.prototype.addEventListener.call({}, 'x', null)), name(() => new Event(Symbol())));",
           "InvalidStateError\nTypeError TypeError TypeError TypeError TypeError TypeError TypeError TypeError TypeError "
           "TypeError\n");
}

static void subclasses(void)
{
    expect("class A extends EventTarget { #n = 1; go() { this.dispatchEvent(new Event('x')); } get n() { return this.#n } }\n"
           "const a = new A(); a.addEventListener('x', function (e) { say(this === a, e.target.n, a instanceof EventTarget) });\n"
           "a.go(); class E extends Event { constructor() { super('x', { cancelable: true }); this.extra = 7 } }\n"
           "a.addEventListener('x', e => say(e.extra, e instanceof E, e.cancelable)); a.dispatchEvent(new E());",
           "true 1 true\ntrue 1 true\n7 true true\n");
}

static void the_global(void)
{
    expect("addEventListener('x', function (e) { say(this === globalThis, e.target === globalThis) });\n"
           "say(dispatchEvent(new Event('x')), globalThis instanceof EventTarget, globalThis instanceof Window);\n"
           "globalThis.dispatchEvent(new Event('x'));",
           "true true\ntrue true true\ntrue true\n");
}

static void handler_attributes(void)
{
    expect("const s = new AbortController().signal, l = []; say(s.onabort);\n"
           "s.addEventListener('abort', () => l.push(1)); s.onabort = () => l.push('old');\n"
           "s.addEventListener('abort', () => l.push(2)); const f = e => { l.push('new'); return false }; s.onabort = f;\n"
           "const e = new Event('abort', { cancelable: true }); say(s.dispatchEvent(e), l, s.onabort === f); l.length = 0;\n"
           "s.onabort = null; s.onabort = f; s.dispatchEvent(new Event('abort')); say(l); s.onabort = 5; say(s.onabort);\n"
           "s.onabort = {}; s.dispatchEvent(new Event('abort')); say(typeof s.onabort);",
           "null\nfalse 1,new,2 true\n1,2,new\nnull\nobject\n");
}

static void a_thousand_garbage_cycles(void)
{
    expect("for (let i = 0; i < 1000; i++) { const t = new EventTarget(); t.self = t;\n"
           "  t.addEventListener('x', () => t, { signal: new AbortController().signal }); t.dispatchEvent(new Event('x')); }\n"
           "say('done');",
           "done\n");
}

/* ---- kinds of events ---- */

static void event_interfaces(void)
{
    expect("const m = new MessageEvent('m', { data: 5, origin: 'o\\ud800', lastEventId: 'id' });\n"
           "say(m.data, m.origin === 'o\\ufffd', m.lastEventId, m.source, m.ports.length, Object.isFrozen(m.ports), m.ports === m.ports);\n"
           "const r = new ErrorEvent('e', { message: 'm', lineno: 2 ** 32 + 3 }); say(r.message, r.filename, r.lineno, r.colno, r.error);\n"
           "say(new CustomEvent('c').detail, new CustomEvent('c', { detail: 0 }).detail);\n"
           "const p = Promise.resolve(), j = new PromiseRejectionEvent('p', { promise: p, reason: 9 }); say(j.promise === p, j.reason);\n"
           "say([m, r, j, new CustomEvent('c'), new Event('e')].map(e => Object.prototype.toString.call(e)));\n"
           "const c = new CustomEvent('c'); c.initCustomEvent('d', true, true, 4); say(c.type, c.bubbles, c.cancelable, c.detail);\n"
           "say(name(() => new PromiseRejectionEvent('p', {})), name(() => new MessageEvent('m', { ports: [1] })),\n"
           "    name(() => new MessageEvent('m', { source: {} })), name(() => new MessageEvent('m', { ports: 1 })));\n"
           "say(Event.AT_TARGET, Event.prototype.BUBBLING_PHASE, Event.length, PromiseRejectionEvent.length,\n"
           "    Object.getPrototypeOf(MessageEvent) === Event, Object.keys(Event.prototype).length);",
           "5 true id null 0 true true\nm  3 0 undefined\nnull 0\ntrue 9\n"
           "[object MessageEvent],[object ErrorEvent],[object PromiseRejectionEvent],[object CustomEvent],[object Event]\n"
           "d true true 4\nTypeError TypeError TypeError TypeError\n2 3 1 2 true 22\n");
}

static void dom_exceptions(void)
{
    expect("const e = new DOMException('m', 'DataCloneError');\n"
           "say(e.name, e.message, e.code, e instanceof Error, DOMException.DATA_CLONE_ERR, e.DATA_CLONE_ERR, String(e));\n"
           "say(new DOMException().name, new DOMException().code, new DOMException('', 'Own').code, name(() => DOMException()));",
           "DataCloneError m 25 true 25 25 DataCloneError: m\nError 0 0 TypeError\n");
}

/* ---- AbortSignal ---- */

static void abort_signals(void)
{
    expect("const c = new AbortController(), s = c.signal, l = [];\n"
           "say(s.aborted, s.reason, c.signal === s, name(() => s.throwIfAborted()), name(() => new AbortSignal()));\n"
           "s.onabort = e => l.push(e.type, e.isTrusted, s.aborted); c.abort(); c.abort('again');\n"
           "say(l, s.aborted, s.reason.name, s.reason.code, name(() => s.throwIfAborted()));\n"
           "say(AbortSignal.abort(7).reason, AbortSignal.abort().reason.name);\n"
           "const t = new EventTarget(), k = new AbortController();\n"
           "t.addEventListener('x', () => say('x'), { signal: k.signal }); t.dispatchEvent(new Event('x')); k.abort();\n"
           "t.dispatchEvent(new Event('x')); t.addEventListener('x', () => say('never'), { signal: k.signal });\n"
           "t.dispatchEvent(new Event('x'));",
           "false undefined true no error TypeError\nabort,true,true true AbortError 20 AbortError\n7 AbortError\nx\n");
}

static void abort_any_and_timeout(void)
{
    expect("const a = new AbortController(), b = new AbortController(), l = [];\n"
           "const one = AbortSignal.any([a.signal, b.signal]), two = AbortSignal.any([one]);\n"
           "one.onabort = () => l.push('one', two.aborted); two.onabort = () => l.push('two'); a.signal.onabort = () => l.push('a');\n"
           "a.abort('why'); b.abort('late'); say(l, one.reason, two.reason, AbortSignal.any([]).aborted);\n"
           "say(AbortSignal.any([AbortSignal.abort(3)]).reason, name(() => AbortSignal.any([1])), name(() => AbortSignal.timeout(-1)));\n"
           "const s = AbortSignal.timeout(30); AbortSignal.timeout(1e6);\n"
           "s.onabort = () => say(s.reason.name, s.reason.code); AbortSignal.any([s]).onabort = () => say('any');",
           "a,one,true,two why why false\n3 TypeError TypeError\nTimeoutError 23\nany\n");
}

/* ---- errors and rejections ---- */

/* shows R-ER-01, R-ER-10 */
static void reported_errors(void)
{
    expect("onerror = (m, f, l, c, e) => { say('onerror', m, f.endsWith('test.js'), l > 0, c > 0, e.n); return e.n === 1 };\n"
           "addEventListener('error', e => { if (e.error.n === 2) e.preventDefault(); say(e instanceof ErrorEvent, e.isTrusted) });\n"
           "for (const n of [1, 2, 3]) reportError(Object.assign(new RangeError('r' + n), { n })); say('goes on');",
           "onerror RangeError: r1 true true true 1\ntrue true\nonerror RangeError: r2 true true true 2\ntrue true\n"
           "onerror RangeError: r3 true true true 3\ntrue true\nerror uncaught-error: RangeError: r3\ngoes on\n");
}

/* shows R-ER-01 */
static void errors_in_listeners(void)
{
    expect("const t = new EventTarget(); t.addEventListener('x', () => { throw new Error('one') });\n"
           "t.addEventListener('x', {}); t.addEventListener('x', () => say('next')); t.dispatchEvent(new Event('x')); say('after');\n"
           "addEventListener('error', () => { throw new Error('within') }); reportError(new Error('two'));",
           "error uncaught-error: Error: one\nerror uncaught-error: TypeError: handleEvent is not a function\nnext\nafter\n"
           "error uncaught-error: Error: within\nerror uncaught-error: Error: two\n");
}

/* shows R-EL-08, TRAP-07 */
static void microtasks_between_listeners(void)
{
    expect("const c = new AbortController(), l = [];\n"
           "const f = n => () => { l.push(n); Promise.resolve().then(() => l.push('m' + n)) };\n"
           "const t = new EventTarget(); t.addEventListener('x', f(1)); t.addEventListener('x', f(2));\n"
           "t.dispatchEvent(new Event('x')); say(l);\n"
           "setTimeout(() => { l.length = 0; const s = AbortSignal.timeout(1); s.addEventListener('abort', f(3));\n"
           "  s.addEventListener('abort', f(4)); setTimeout(() => say(l), 9) });",
           "1,2\n3,m3,4,m4\n");
}

/* shows R-ER-07, R-ER-08, R-JB-08 */
static void rejections(void)
{
    expect("const l = []; onunhandledrejection = e => { say('unhandled', e.reason, e.cancelable, e.isTrusted); return e.reason !== 'a' };\n"
           "onrejectionhandled = e => say('handled', e.reason, e.promise === a, e.cancelable);\n"
           "const a = Promise.reject('a'); Promise.reject('never').catch(() => {}); Promise.reject('b');\n"
           "const late = Promise.reject('late'); setTimeout(() => a.catch(() => {}), 5); queueMicrotask(() => late.catch(() => {}));\n"
           "say('script done');",
           "script done\nunhandled a true true\nunhandled b true true\nerror unhandled-rejection: b\nhandled a true false\n");
}

static void handled_by_the_event(void)
{
    expect("addEventListener('unhandledrejection', e => { e.preventDefault(); e.promise.catch(() => say('caught')) });\n"
           "onrejectionhandled = () => say('never'); Promise.reject(new Error('x'));",
           "caught\n");
}

static CU_TestInfo event_tests[] = {
    {"listeners are called once per registration and removed by identity", listeners},
    {"capturing listeners come first, new ones wait", order_of_listeners},
    {"a removed listener is not called any more", removal_during_dispatch},
    {"flags and attributes of a dispatched event", flags},
    {"wrong calls throw what the standard says", errors_of_calls},
    {"scripts derive from EventTarget and Event", subclasses},
    {"the global object is an EventTarget", the_global},
    {"event handler attributes keep their place", handler_attributes},
    {"targets that refer to themselves are collected", a_thousand_garbage_cycles},
    {"interfaces derived from Event", event_interfaces},
    {"DOMException has its names and codes", dom_exceptions},
    CU_TEST_INFO_NULL,
};

static CU_TestInfo abort_tests[] = {
    {"abort, its reason and the signal option", abort_signals},
    {"any and timeout", abort_any_and_timeout},
    CU_TEST_INFO_NULL,
};

static CU_TestInfo error_tests[] = {
    {"R-ER-01: onerror and error events", reported_errors},
    {"R-ER-01: listeners that throw", errors_in_listeners},
    {"R-EL-08: microtasks between listeners of fired events only", microtasks_between_listeners},
    {"R-ER-07, R-ER-08: unhandledrejection and rejectionhandled", rejections},
    {"R-ER-08: a rejection that its own event handles", handled_by_the_event},
    CU_TEST_INFO_NULL,
};

/* ---- message events, whose objects the host uses again when nobody can tell ---- */

/* Sends 0, 1, 2, … to a port whose handler is `body` with `e` and `i`, until `count` have come. */
static void expect_messages(int count, const char *before, const char *body, const char *after, const char *lines)
{
    char *script = malloc(strlen(before) + strlen(body) + strlen(after) + 400);
    sprintf(script,
            "const { port1, port2 } = new MessageChannel(); let i = 0;\n%s\n"
            "port2.onmessage = e => { %s; if (++i < %d) port1.postMessage(i); else { port1.close(); %s } };\n"
            "port1.postMessage(0);",
            before, body, count, after);
    expect(script, lines);
    free(script);
}

static void kept_events_stay(void)
{
    expect_messages(3, "const kept = [];", "kept.push(e)",
                    "say(kept.map(e => e.data), new Set(kept).size, kept.every(e => e.target === port2))", "0,1,2 3 true\n");
    expect_messages(2, "let f;", "if (i === 0) f = () => e.data; else say(f(), e.data)", "", "0 1\n");
    expect_messages(2, "let last;", "if (i) say(last.data, last === e); last = e; e.stopImmediatePropagation()",
                    "say(last.data, last.type, last.isTrusted)", "0 false\n1 message true\n");
}

static void changed_events_go(void)
{
    expect_messages(3, "", "say(Object.keys(e), Object.getPrototypeOf(e) === MessageEvent.prototype, Object.isExtensible(e));"
                           " if (i === 0) e.extra = 1; else Object.setPrototypeOf(e, {})",
                    "", " true true\n true true\n true true\n");
    expect_messages(2, "", "say(Object.isExtensible(e)); Object.preventExtensions(e)", "", "true\ntrue\n");
    expect_messages(2, "class Mark { constructor(o) { return o } } class Marked extends Mark { #m = 1; static on(o) { return #m in o } }",
                    "say(Marked.on(e)); new Marked(e)", "", "false\nfalse\n");
}

static void weakly_known_events_go(void)
{
    expect_messages(3, "const set = new WeakSet(), map = new WeakMap();", "say(set.has(e), map.get(e)); (i ? map.set(e, i) : set.add(e))",
                    "", "false undefined\nfalse undefined\nfalse undefined\n");
    expect_messages(2, "let weak;", "if (i) say(weak.deref() === e); weak = new WeakRef(e)", "", "false\n");
}

static void used_events_are_as_new(void)
{
    expect_messages(2, "", "say(e.data, e.cancelBubble, e.defaultPrevented, e.ports.length, e.origin, e.lastEventId, e.source,"
                           " e.eventPhase, e.currentTarget === port2); e.stopPropagation(); e.initMessageEvent('x', true, true)",
                    "", "0 false false 0   null 2 true\n1 false false 0   null 2 true\n");
}

static void times_of_messages(void)
{
    expect_messages(50, "let before = performance.now(), last = 0, good = true;",
                    "good &&= e.timeStamp >= last && e.timeStamp >= before && e.timeStamp <= performance.now();"
                    " last = e.timeStamp; before = performance.now()",
                    "say(good)", "true\n");
    expect("const w = new Worker(URL.createObjectURL(new Blob(['let last = 0, good = true, n = 0; onmessage = e => {"
           " const sent = e.data.at - performance.timeOrigin; good &&= e.timeStamp >= last && e.timeStamp + 0.01 >= sent"
           " && e.timeStamp <= performance.now(); last = e.timeStamp; if (++n === 200) { postMessage(good); close() } }'])));\n"
           "w.onmessage = e => say(e.data);\n"
           "for (let i = 0; i < 200; i++) w.postMessage({ at: performance.timeOrigin + performance.now() });",
           "true\n");
}

/* Tasks that queue each other for ever let those from other agents in between. */
static void nothing_starves(void)
{
    expect("const { port1, port2 } = new MessageChannel(); let on = true;\n"
           "port1.onmessage = () => { if (on) port2.postMessage(0); else port1.close() };\n"
           "port2.onmessage = () => port1.postMessage(0); port2.postMessage(0);\n"
           "const w = new Worker(URL.createObjectURL(new Blob(['postMessage(1); close()'])));\n"
           "w.onmessage = e => { on = false; say(e.data) };",
           "1\n");
}

static CU_TestInfo message_tests[] = {
    {"kept events stay", kept_events_stay},
    {"changed events are not used again", changed_events_go},
    {"nor those that are known weakly", weakly_known_events_go},
    {"used events are as new", used_events_are_as_new},
    {"times", times_of_messages},
    {"nothing starves", nothing_starves},
    CU_TEST_INFO_NULL,
};

int main(void)
{
    CU_SuiteInfo suites[] = {
        {"events", NULL, NULL, NULL, NULL, event_tests},
        {"messages", NULL, NULL, NULL, NULL, message_tests},
        {"abort", NULL, NULL, NULL, NULL, abort_tests},
        {"errors", NULL, NULL, NULL, NULL, error_tests},
        CU_SUITE_INFO_NULL,
    };
    if (CU_initialize_registry() != CUE_SUCCESS || CU_register_suites(suites) != CUE_SUCCESS)
        return 1;
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failures ? 1 : 0;
}
