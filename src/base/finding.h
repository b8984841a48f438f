/* The kinds of finding that a run can have, with the names they carry in scenario files and
 * reports.
 *
 * Only kinds that the program can detect are listed: the loader rejects every other name, so that
 * no file declares what nobody looks for. A module that learns to detect a new kind adds its line
 * here. Any thread; pure data. */
#ifndef HEDDLE_BASE_FINDING_H
#define HEDDLE_BASE_FINDING_H

#include <stdbool.h>

/* name in C, name in files, what it is in one clause */
#define FINDING_LIST(X)                                                                            \
    X(RACE, "race", "two accesses that nothing orders, one of them a write")                       \
    X(PLAIN_SPIN, "plain-spin", "a loop on a plain read that nothing orders may never end")        \
    X(MIXED_USE, "mixed-use", "one cell is written plainly and used with Atomics")                 \
    X(MIXED_SIZE, "mixed-size", "Atomics of different sizes share a cell")                         \
    X(PLAIN_WAIT, "plain-wait", "Atomics.wait on a cell that is only ever written plainly")        \
    X(DEADLOCK, "deadlock", "agents are blocked and nobody is left to wake them")                  \
    X(LOST_LOCK, "lost-lock", "an agent waits on a cell whose last writer was terminated")         \
    X(LOCK_WAIT, "lock-wait", "a lock was asked for and never granted")                            \
    X(UNCAUGHT_ERROR, "uncaught-error", "an exception that no handler caught")                     \
    X(FORBIDDEN_WAIT, "forbidden-wait", "Atomics.wait where the agent must not block")             \
    X(UNHANDLED_REJECTION, "unhandled-rejection", "a promise was rejected and nobody listened")    \
    X(HEAP_EXHAUSTED, "heap-exhausted", "an agent used up its heap limit")                         \
    X(STACK_EXHAUSTED, "stack-exhausted", "an agent's calls went deeper than its stack")           \
    X(SCRIPT_ERROR, "script-error", "a script or module could not be loaded or parsed")            \
    X(SCRIPT_ABORTED, "script-aborted", "a script took too long and was aborted")                  \
    X(RULE_BROKEN, "rule-broken", "a rule that must always hold was broken; the text names it")    \
    X(LONG_TASK, "long-task", "a task kept its agent busy for longer than the scenario allows")    \
    X(STARVED, "starved", "an agent waited for a long task of another one on the thread they share")      \
    X(TIME_LIMIT, "time-limit", "the run reached its time limit")

typedef enum finding_kind {
#define X(name, text, about) FINDING_##name,
    FINDING_LIST(X)
#undef X
        FINDING_KIND_COUNT
} finding_kind;

/* Constant text, never NULL. */
const char *finding_name(finding_kind kind);
const char *finding_about(finding_kind kind);

/* False when no kind has that name; `*kind` is then left alone. */
bool finding_from_name(const char *name, finding_kind *kind);

/* Found with the help of the race detector, so by runs in the observed variant only. */
bool finding_is_of_races(finding_kind kind);

#endif
