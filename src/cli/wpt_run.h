/* One test of web-platform-tests: its page in a world of its own, until the harness has told its
 * results. */
#ifndef HEDDLE_CLI_WPT_RUN_H
#define HEDDLE_CLI_WPT_RUN_H

#include "cli/wpt_server.h"
#include "cli/wpt_suite.h"

#include <stdint.h>

/* As the harness counts them. */
enum wpt_status { WPT_PASS, WPT_FAIL, WPT_TIMEOUT, WPT_NOT_RUN, WPT_PRECONDITION_FAILED };

/* What came of a test. It lies in one piece of memory of WPT_RESULT_SIZE, so that it can be shared
 * with another process; a run that has more to tell is cut off with `is_full`. */
struct wpt_result {
    bool has_ended; /* the harness told its results */
    bool is_full;
    uint8_t
        harness; /* 0 = without an error of its own, 1 error, 2 time-out, 3 precondition failed */
    char message[254]; /* of the harness, or why there are no results */
    uint32_t count, used;
    char records[]; /* per subtest: enum wpt_status, its name and a message, both ended by a zero
                       byte */
};
#define WPT_RESULT_SIZE ((size_t)1 << 20)

/* A subtest of a result: the first after NULL, then the next; NULL at the end. */
struct wpt_subtest {
    enum wpt_status status;
    const char *name, *message;
};
const char *wpt_result_next(const struct wpt_result *r, const char *at, struct wpt_subtest *out);

/* `tells_console`: what the test writes there goes to standard error. The harness's own limit, on
 * the run's clock, is 10 s, or 60 s for long tests; `time_limit` is the machine's, in ns. Blocks
 * until then. */
void wpt_run(const struct wpt_server *server, const struct wpt_test *test, uint64_t time_limit,
             bool tells_console, struct wpt_result *result);

#endif
