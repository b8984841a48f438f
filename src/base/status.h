/* Status codes: how every fallible function of heddle's C code reports an operating error.
 *
 * A finding (a race, a deadlock) is never a status: it is data. A bug of our own is never a status: it is an
 * assertion. */
#ifndef HEDDLE_BASE_STATUS_H
#define HEDDLE_BASE_STATUS_H

#define STATUS_LIST(X)                                                                             \
    X(OK, "ok")                                                                                    \
    X(NO_MEMORY, "out of memory")                                                                  \
    X(INVALID, "invalid argument")                                                                 \
    X(NOT_FOUND, "not found")                                                                      \
    X(RANGE, "out of range")                                                                       \
    X(IO, "input/output error")                                                                    \
    X(STATE, "not possible in this state")                                                         \
    X(LIMIT, "a limit was reached")

typedef enum status {
#define X(name, text) STATUS_##name,
    STATUS_LIST(X)
#undef X
} status;

/* A constant sentence fragment for `s`, never NULL. Any thread. */
const char *status_text(status s);

#endif
