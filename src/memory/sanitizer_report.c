/* Under ThreadSanitizer: plain accesses of JavaScript to shared blocks race by design (ECMA-262
 * sec-data-races), so reports about addresses in the shared range are counted instead of printed.
 * Nothing else is left out.
 *
 * The sanitizer asks its weak function OnReport, which is C++, before it prints; the definition
 * here has its linkage name. Threads: any, under the sanitizer's own lock. */
#if defined(__SANITIZE_THREAD__)
#include "memory/shared_range.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

int __tsan_get_report_data(void *report, const char **description, int *count, int *stacks,
                           int *accesses, int *locations, int *mutexes, int *threads,
                           int *thread_ids, void **sleep_trace, unsigned long trace_size);
int __tsan_get_report_mop(void *report, unsigned long index, int *thread, void **address, int *size,
                          int *write, int *atomic, void **trace, unsigned long trace_size);

/* What programs link by name (meson.build), because the function below is not missed where the
 * sanitizer has one. */
extern const char sanitizer_report_filter;
const char sanitizer_report_filter = 0;

static unsigned long left_out;

static void tell(void)
{
    fprintf(stderr,
            "ThreadSanitizer: %lu reports about plain accesses of JavaScript to shared memory left "
            "out\n",
            left_out);
}

__attribute__((visibility("default"), no_sanitize("thread"))) bool
sanitizer_on_report(void *report,
                    bool suppressed) __asm__("_ZN6__tsan8OnReportEPKNS_10ReportDescEb");

bool sanitizer_on_report(void *report, bool suppressed)
{
    const char *description;
    int count, stacks, accesses = 0, locations, mutexes, threads, thread_ids;
    int thread, size, write, atomic;
    void *address = NULL, *trace[1];
    /* A report about locks or threads has no access to ask for. */
    if (!__tsan_get_report_data(report, &description, &count, &stacks, &accesses, &locations,
                                &mutexes, &threads, &thread_ids, trace, 1) ||
        accesses == 0 ||
        !__tsan_get_report_mop(report, 0, &thread, &address, &size, &write, &atomic, trace, 1) ||
        !shared_range_holds(address))
        return suppressed;
    if (left_out++ == 0)
        atexit(tell);
    return true;
}
#else
typedef int sanitizer_report_is_for_the_thread_sanitizer;
#endif
