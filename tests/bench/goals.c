/* What is measured, and the goals. */
#include "bench.h"

#define BIT(r) (1u << (r))
#define OURS BIT(HEDDLE)
#define PEERS (BIT(NODE) | BIT(BUN) | BIT(DENO))
#define ALL (OURS | PEERS)

/* Spinning and sleeping only, in turns. Where the system has put the agents decides about a run
 * more than what is compared, and it stays so until the run ends: so there are many short ones. */
#define PAIRS(n, who)                                                                              \
    {.name = "pairs-" #n,                                                                          \
     .program = "pairs.js",                                                                        \
     .count = n,                                                                                   \
     .runtimes = who,                                                                              \
     .rival = "pairs-" #n "-sleeping",                                                             \
     .turn_time = 100},                                                                            \
    {                                                                                              \
        .name = "pairs-" #n "-sleeping", .program = "pairs.js", .count = n, .runtimes = OURS,      \
        .no_spin = true, .turn_time = 100                                                          \
    }

const struct job jobs[] = {
    {.name = "hello", .program = "hello.js", .runtimes = ALL | BIT(OBSERVED), .repeats = 11},
    {.name = "start-100", .program = "start-100.js", .runtimes = ALL},
    {.name = "alive-1000", .program = "alive-1000.js", .runtimes = OURS},
    {.name = "idle-1", .program = "idle.js", .count = 1, .probe = PROBE_IDLE, .runtimes = ALL},
    {.name = "idle-41", .program = "idle.js", .count = 41, .probe = PROBE_IDLE, .runtimes = ALL},
    {.name = "idle-10000",
     .program = "idle.js",
     .count = 10000,
     .probe = PROBE_IDLE,
     .runtimes = OURS,
     .once = true},
    {.name = "message-round-trip", .program = "message-round-trip.js", .runtimes = ALL},
    {.name = "message-round-trip-one-core",
     .program = "message-round-trip.js",
     .runtimes = ALL,
     .one_core = true},
    {.name = "message-one-way", .program = "message-one-way.js", .runtimes = ALL, .turns = 3},
    {.name = "message-object", .program = "message-object.js", .runtimes = ALL},
    {.name = "transfer", .program = "transfer.js", .runtimes = ALL},
    {.name = "message-channel", .program = "message-channel.js", .runtimes = ALL},
    {.name = "pairs-1", .program = "pairs.js", .count = 1, .runtimes = ALL, .turns = 3},
    {.name = "pairs-1-one-core",
     .program = "pairs.js",
     .count = 1,
     .runtimes = ALL,
     .one_core = true,
     .turns = 5},
    PAIRS(2, OURS | BIT(NODE)),
    PAIRS(8, OURS | BIT(NODE)),
    PAIRS(64, OURS),
    {.name = "waiters-100", .program = "waiters-100.js", .runtimes = OURS | BIT(NODE)},
    {.name = "terminate",
     .program = "terminate.js",
     .probe = PROBE_TERMINATE,
     .runtimes = OURS | BIT(NODE)},
    {.name = "atomics", .program = "atomics.js", .runtimes = ALL},
    {.name = "races", .program = "races.js", .runtimes = OURS | BIT(OBSERVED), .turns = 5},
};
const size_t job_count = sizeof jobs / sizeof jobs[0];

#define SPINNING(n)                                                                                \
    {.title = #n " pairs at once, against sleeping only",                                          \
     .job = "pairs-" #n,                                                                           \
     .figure = "round-trips-per-s",                                                                \
     .unit = "/s",                                                                                 \
     .rate = true,                                                                                 \
     .kind = GOAL_VERSUS,                                                                          \
     .bound = 0.95,                                                                                \
     .versus = "pairs-" #n "-sleeping"},                                                           \
        {.title = "&emsp;CPU time of one",                                                         \
         .job = "pairs-" #n,                                                                       \
         .figure = "cpu-us-per-trip",                                                              \
         .unit = "µs"},                                                                            \
    {                                                                                              \
        .title = "&emsp;CPU time of one, sleeping only", .job = "pairs-" #n "-sleeping",           \
        .figure = "cpu-us-per-trip", .unit = "µs"                                                 \
    }

#define DETECTION(what, name, accesses)                                                            \
    {.title = "race detection adds to " what,                                                      \
     .job = "races",                                                                               \
     .figure = name,                                                                               \
     .unit = "ns",                                                                                 \
     .kind = GOAL_AT_MOST,                                                                         \
     .bound = 25,                                                                                  \
     .subject = OBSERVED,                                                                          \
     .added_divide = accesses}

const struct goal goals[] = {
    {.title = "hello.js, start to exit",
     .job = "hello",
     .figure = "wall-ms",
     .unit = "ms",
     .kind = GOAL_AT_MOST,
     .bound = 4},
    {.title = "hello.js, observed variant",
     .job = "hello",
     .figure = "wall-ms",
     .unit = "ms",
     .kind = GOAL_AT_MOST,
     .bound = 6,
     .subject = OBSERVED},
    {.title = "100 workers started and answering",
     .job = "start-100",
     .figure = "start-100-ms",
     .unit = "ms",
     .kind = GOAL_FASTER,
     .bound = 50},
    {.title = "1,000 workers alive at once",
     .job = "alive-1000",
     .figure = "alive",
     .unit = "",
     .rate = true,
     .kind = GOAL_AT_LEAST,
     .bound = 1000},
    {.title = "&emsp;all of them started and answering",
     .job = "alive-1000",
     .figure = "start-1000-ms",
     .unit = "ms"},
    {.title = "10,000 idle workers, page tables and kernel stacks included",
     .job = "idle-10000",
     .figure = "total-GiB",
     .unit = "GiB",
     .kind = GOAL_AT_MOST,
     .bound = 4},
    {.title = "resident memory per idle worker",
     .job = "idle-41",
     .figure = "resident-KiB",
     .unit = "KiB",
     .kind = GOAL_FASTER,
     .bound = 25,
     .versus = "idle-1",
     .subtract_job_divide = 40},
    {.title = "message round trips, a number",
     .job = "message-round-trip",
     .figure = "message-round-trips-per-s",
     .unit = "/s",
     .rate = true,
     .kind = GOAL_FASTER,
     .bound = 10},
    {.title = "&emsp;on one core",
     .job = "message-round-trip-one-core",
     .figure = "message-round-trips-per-s",
     .unit = "/s",
     .rate = true,
     .kind = GOAL_FASTER,
     .bound = 1},
    {.title = "messages one way, a number",
     .job = "message-one-way",
     .figure = "messages-per-s",
     .unit = "/s",
     .rate = true,
     .kind = GOAL_AT_LEAST,
     .bound = 2.5e6},
    {.title = "messages one way, an object of 1 KiB",
     .job = "message-object",
     .figure = "objects-per-s",
     .unit = "/s",
     .rate = true,
     .kind = GOAL_AT_LEAST,
     .bound = 250e3},
    {.title = "round trip of a transferred 1 KiB",
     .job = "transfer",
     .figure = "transfer-1KiB-us",
     .unit = "µs"},
    {.title = "&emsp;of 1 MiB (goal: not 1.5 times that of 1 KiB)",
     .job = "transfer",
     .figure = "transfer-1MiB-us",
     .unit = "µs",
     .kind = GOAL_VERSUS,
     .bound = 1 / 1.5,
     .versus = "transfer:transfer-1KiB-us"},
    {.title = "MessageChannel round trips in one agent",
     .job = "message-channel",
     .figure = "channel-round-trips-per-s",
     .unit = "/s",
     .rate = true,
     .kind = GOAL_FASTER,
     .bound = 1},
    {.title = "wait/notify round trips",
     .job = "pairs-1",
     .figure = "round-trips-per-s",
     .unit = "/s",
     .rate = true,
     .kind = GOAL_FASTER,
     .bound = 20},
    {.title = "&emsp;on one core",
     .job = "pairs-1-one-core",
     .figure = "round-trips-per-s",
     .unit = "/s",
     .rate = true,
     .kind = GOAL_FASTER,
     .bound = 1},
    {.title = "&emsp;CPU time of one", .job = "pairs-1", .figure = "cpu-us-per-trip", .unit = "µs"},
    SPINNING(2),
    SPINNING(8),
    SPINNING(64),
    {.title = "notify 100 waiters until all are awake",
     .job = "waiters-100",
     .figure = "waiters-awake-us",
     .unit = "µs",
     .kind = GOAL_FASTER,
     .bound = 1},
    {.title = "&emsp;woken in the order of waiting",
     .job = "waiters-100",
     .figure = "waiters-in-order",
     .unit = "",
     .rate = true,
     .kind = GOAL_AT_LEAST,
     .bound = 1},
    {.title = "terminate() of an agent with 100 MiB: returns within",
     .job = "terminate",
     .figure = "terminate-returns-us",
     .unit = "µs",
     .kind = GOAL_AT_MOST,
     .bound = 50},
    {.title = "&emsp;its memory is back within",
     .job = "terminate",
     .figure = "memory-back-ms",
     .unit = "ms",
     .kind = GOAL_AT_MOST,
     .bound = 5},
    {.title = "Atomics.add, loop included",
     .job = "atomics",
     .figure = "atomics-add-ns",
     .unit = "ns"},
    {.title = "plain i32[i]++, loop included",
     .job = "atomics",
     .figure = "plain-increment-ns",
     .unit = "ns"},
    {.title = "pure JavaScript with race detection, times the plain variant",
     .job = "races",
     .figure = "pure-ms",
     .unit = "×",
     .kind = GOAL_AT_MOST,
     .bound = 1.2,
     .subject = OBSERVED,
     .times_plain = true},
    DETECTION("a plain read of shared memory", "read-ns", 1),
    DETECTION("a plain write", "write-ns", 1),
    DETECTION("each of the two accesses of i32[i]++", "increment-ns", 2),
    DETECTION("a plain write of a byte", "byte-ns", 1),
    DETECTION("Atomics.load", "load-ns", 1),
    DETECTION("Atomics.store", "store-ns", 1),
    DETECTION("Atomics.add", "add-ns", 1),
    {.title = "race detection, two agents on blocks of their own, against one",
     .job = "races",
     .figure = "apart-ratio",
     .unit = "×",
     .kind = GOAL_AT_MOST,
     .bound = 1.25,
     .subject = OBSERVED},
};
const size_t goal_count = sizeof goals / sizeof goals[0];
