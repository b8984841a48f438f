/* How soon a running built-in function notices that its agent is to stop: one hostile program per
 * built-in.
 *
 * A timer thread raises a flag while the program runs; the interrupt handler sees it at the
 * engine's next poll. Prints the table and fails when a latency exceeds its bound. The bounds are
 * generous (loaded machines, sanitizers): they tell a built-in that polls from one that does not.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "variant_host.h"

static const struct {
    const char *name;
    const char *prepare;
    const char *run;
    int bound_ms;
} programs[] = {
    {"String indexOf", "s = 'x'.repeat(3e7 * z)", "for (;;) s.indexOf('xy')", 250},
    {"String lastIndexOf", "s = 'x'.repeat(3e8 * z)", "s.lastIndexOf('xxxxxxy')", 250},
    {"String includes", "s = 'xy'.repeat(2e8 * z)", "s.includes('yxx')", 250},
    {"String repeat, padStart", "",
     "for (;;) { 'xyz'.repeat(3e8 * z); 'a'.padStart(5e8 * z, 'bc') }", 250},
    {"String split", "s = 'a,'.repeat(4e7 * z)", "s.split(',')", 250},
    {"String replaceAll", "s = 'a,'.repeat(4e7 * z)", "s.replaceAll(',', ';;')", 250},
    {"String concat, compare", "s = 'x'.repeat(4e8 * z); t = 'x'.repeat(4e8 * z)",
     "for (;;) { s < t; s === t; s + t < t + s }", 1500},
    {"String toUpperCase", "s = 'x'.repeat(2e8 * z)", "s.toUpperCase().toLowerCase()", 250},
    {"String normalize", "s = '\\u1e9b\\u0323'.repeat(5e6 * z)",
     "for (;;) s.normalize('NFKD').normalize('NFC')", 3000},
    {"Array indexOf, includes", "a = Array(6e7 * z).fill(1)",
     "for (;;) { a.indexOf(2); a.lastIndexOf(2); a.includes(2) }", 250},
    {"Array fill, holes", "a = []; a.length = 4e9", "a.fill(0)", 250},
    {"Array join", "a = Array(2e7 * z).fill('ab')", "a.join(',')", 250},
    {"Array sort", "a = Array.from({ length: 1e6 * z }, (_, i) => (i * 7919) % 1000003)",
     "for (;;) a.slice().sort()", 250},
    {"Array slice, concat, reverse", "a = Array(3e7 * z).fill(1)",
     "for (;;) { a.slice(); a.concat(a); a.reverse(); a.copyWithin(0, 1) }", 250},
    {"Array splice, shift", "a = Array(2e7 * z).fill(1)",
     "for (;;) { a.splice(0, 1); a.unshift(1, 2) }", 250},
    {"Array holes lastIndexOf", "a = []; a.length = 4e9", "a.lastIndexOf(1)", 250},
    {"Array.from, spread", "a = Array(3e7 * z).fill(1)", "for (;;) { [...a]; Array.from(a) }", 250},
    {"Array flat", "a = Array(1e4 * z).fill(Array(3e3).fill(1))", "for (;;) a.flat()", 250},
    {"TypedArray fill", "a = new Float64Array(2e8 * z)", "for (;;) a.fill(1)", 250},
    {"TypedArray indexOf", "a = new Int32Array(3e8 * z)",
     "for (;;) { a.indexOf(1); a.includes(1) }", 1500},
    {"TypedArray sort", "a = new Float64Array(5e6 * z).map((_, i) => (i * 7919) % 5000011)",
     "for (;;) a.slice().sort()", 250},
    {"TypedArray set, slice", "a = new Uint8Array(1e9 * z)",
     "for (;;) { a.set(a.subarray(0, 5e8 * z), 5e8 * z); a.copyWithin(0, 5e8 * z) }", 1500},
    {"TypedArray join", "a = new Int32Array(3e7 * z)", "a.join()", 250},
    {"JSON.parse", "s = '[' + '1,[2],{\"a\":3},'.repeat(4e6 * z) + '1]'", "JSON.parse(s)", 250},
    {"JSON.parse string", "s = '\"' + 'x'.repeat(4e8 * z) + '\"'", "for (;;) JSON.parse(s)", 3000},
    {"JSON.stringify", "a = Array(1e7 * z).fill({ a: 1 })", "JSON.stringify(a)", 250},
    {"JSON.stringify string", "s = 'x\\n'.repeat(1e8 * z)", "JSON.stringify(s)", 250},
    {"RegExp backtracking", "s = 'a'.repeat(40)", "/^(a+)+$/.test(s + 'b')", 250},
    {"RegExp scan", "s = 'a'.repeat(3e8 * z)", "/b/.test(s)", 250},
    {"RegExp replace", "s = 'a'.repeat(3e7 * z)", "s.replace(/a/g, 'b')", 250},
    {"BigInt multiply", "a = (1n << 400000n) - 1n", "for (;;) a * a", 1500},
    {"BigInt power", "", "for (;;) 3n ** 600000n", 1500},
    {"BigInt toString", "a = (1n << 1000000n) - 1n", "a.toString()", 250},
    {"BigInt parse", "s = '9'.repeat(250000)", "for (;;) BigInt(s)", 250},
    {"BigInt divide", "a = (1n << 800000n) - 1n; b = (1n << 400000n) - 1n", "for (;;) a / b", 1500},
    {"Map, Set", "m = new Set(Array.from({ length: 3e6 * z }, (_, i) => i))",
     "for (;;) { new Map([...m].map(x => [x, x])); m.union(m) }", 250},
    {"Object.keys, assign", "o = {}; for (let i = 0; i < 1e6 * z; i++) o['k' + i] = i",
     "for (;;) { Object.keys(o); Object.assign({}, o); Object.entries(o) }", 400},
    {"Function.apply", "a = Array(60000).fill(1)", "for (;;) Math.max.apply(null, a)", 250},
    {"structure of eval", "s = 'x+'.repeat(1e6 * z) + 'x'", "for (;;) Function('x', 'return ' + s)",
     1500},
    {"URI coding", "s = '%41'.repeat(3e7 * z)", "decodeURIComponent(s)", 250},
    {"Uint8Array toHex, toBase64", "a = new Uint8Array(1e8 * z)",
     "for (;;) { a.toHex(); a.toBase64() }", 1500},
    {"garbage collection", "a = []; for (let i = 0; i < 2e6 * z; i++) a.push({ a })",
     "for (;;) gc()", 1500},
};

enum { DELAY_MS = 10 };

static _Atomic int stop, running;
static struct timespec raised;

static int interrupted(JSRuntime *runtime, void *opaque)
{
    return atomic_load(&stop);
}

static double elapsed_ms(struct timespec from)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - from.tv_sec) * 1e3 + (double)(now.tv_nsec - from.tv_nsec) / 1e6;
}

static void *timer(void *unused)
{
    nanosleep(&(struct timespec){.tv_nsec = DELAY_MS * 1000000L}, NULL);
    if (atomic_load(&running)) {
        clock_gettime(CLOCK_MONOTONIC, &raised);
        atomic_store(&stop, 1);
    }
    return NULL;
}

int main(int argc, char **argv)
{
    int failures = 0;
    const char *only = argc > 1 ? argv[1] : NULL;
    /* A tenth of the sizes that the table is stated for, unless HEDDLE_STRESS says more: up to two
     * gigabytes are used then. */
    double size = getenv("HEDDLE_STRESS") ? atof(getenv("HEDDLE_STRESS")) / 10 : 0.1;
    size = size > 1 ? 1 : size;

    printf("%-32s %12s %10s\n", "built-in", "latency", "bound");
    for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
        if (only && !strstr(programs[i].name, only)) {
            continue;
        }
        JSContext *realm = variant_new();
        JSRuntime *runtime = JS_GetRuntime(realm);
        char prepare[256];
        snprintf(prepare, sizeof(prepare), "var s, t, a, b, m, o, z = %g; %s; 0", size,
                 programs[i].prepare);
        const char *result = variant_eval(realm, prepare);
        if (!strncmp(result, "throws", 6)) {
            printf("%-32s %s\n", programs[i].name, result);
            failures++;
            variant_free(realm);
            continue;
        }
        atomic_store(&stop, 0);
        atomic_store(&running, 1);
        heddle_set_interrupt_flag(runtime, &stop);
        JS_SetInterruptHandler(runtime, interrupted, NULL);
        pthread_t thread;
        pthread_create(&thread, NULL, timer, NULL);
        result = variant_eval(realm, programs[i].run);
        double latency = elapsed_ms(raised);
        atomic_store(&running, 0);
        JS_SetInterruptHandler(runtime, NULL, NULL);
        pthread_join(thread, NULL);
        if (!atomic_load(&stop)) {
            printf("%-32s ended before the flag was raised\n", programs[i].name);
        } else {
            int late = latency > programs[i].bound_ms;
            printf("%-32s %9.2f ms %7d ms%s%s\n", programs[i].name, latency, programs[i].bound_ms,
                   strstr(result, "interrupted") ? "" : "  ended by itself",
                   late ? "  TOO LATE" : "");
            failures += late;
        }
        fflush(stdout);
        variant_free(realm);
    }
    return failures ? 1 : 0;
}
