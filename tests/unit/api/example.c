/* What a program that embeds heddle writes: nothing but the public headers. Also the test of that interface. */
#include <heddle/heddle.h>

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define CHECK(condition)                                                                                                     \
    do {                                                                                                                     \
        if (!(condition)) {                                                                                                  \
            fprintf(stderr, "%s:%d: %s does not hold\n", __FILE__, __LINE__, #condition);                                    \
            failures++;                                                                                                      \
        }                                                                                                                    \
    } while (0)

static int failures;

/* ---- races among C threads ---- */

struct raced {
    hd_shared_block *block;
    hd_order *order;
    bool with_lock;
};

static void *add_in_thread(void *context)
{
    struct raced *r = context;
    hd_thread *t;
    uint32_t value;
    CHECK(hd_thread_attach(&t) == HD_OK);
    hd_order_receive(r->order);
    while (r->with_lock) {
        uint64_t before;
        hd_atomics_compare_exchange(r->block, 0, 4, 0, 1, &before);
        if (!before)
            break;
    }
    hd_shared_block_read(r->block, 4, &value, 4);
    value++;
    hd_shared_block_write(r->block, 4, &value, 4);
    if (r->with_lock)
        hd_atomics_store(r->block, 0, 4, 0);
    hd_thread_detach(t);
    return NULL;
}

static void count_race(void *context, const hd_race *race)
{
    CHECK(race->first.thread != race->second.thread && race->first.offset == 4 && race->first.size == 4);
    CHECK(!strcmp(race->first.operation, "write") || !strcmp(race->second.operation, "write"));
    ++*(int *)context;
}

static int race_two(bool with_lock)
{
    struct raced r[2];
    pthread_t threads[2];
    hd_thread *self;
    uint32_t zero = 0;
    int races = 0;
    hd_shared_block *block;
    CHECK(hd_races_watch() == HD_OK && hd_races_watch() == HD_STATE);
    CHECK(hd_thread_attach(&self) == HD_OK);
    CHECK(hd_shared_block_create(8, HD_FIXED_LENGTH, &block) == HD_OK);
    hd_shared_block_write(block, 4, &zero, 4);
    for (int i = 0; i < 2; i++) {
        r[i] = (struct raced){block, hd_order_send(), with_lock}; /* starting a thread orders; the detector is told */
        pthread_create(&threads[i], NULL, add_in_thread, &r[i]);
    }
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    hd_shared_block_unref(block);
    hd_thread_detach(self);
    CHECK(hd_races_end(count_race, &races) == (uint64_t)races);
    return races;
}

static void find_races(void)
{
    CHECK(race_two(true) == 0);
    CHECK(race_two(false) > 0);
}

/* ---- a script is run, its records are read ---- */

static void count_lines(void *context, const hd_record *record)
{
    if (record->kind == HD_RECORD_CONSOLE)
        ++*(int *)context;
}

static void run_script(void)
{
    static const char text[] = "const cells = new Int32Array(new SharedArrayBuffer(8));\n"
                               "heddle.cell('count', cells, 1);\n"
                               "Atomics.add(cells, 1, 41); cells[1]++;\n"
                               "console.log('hello', Atomics.wait(cells, 0, 0, 1000));\n";
    hd_scenario *scenario;
    hd_run *run;
    hd_record record;
    int lines = 0;
    hd_run_options options = {.main_is_worker = true, .record = count_lines, .context = &lines};
    CHECK(hd_scenario_from_text("hello.js", text, strlen(text), &scenario) == HD_OK);
    CHECK(hd_scenario_run(scenario, &options, &run) == HD_OK);
    CHECK(hd_run_exit_code(run) == 0 && !strcmp(hd_run_end(run), "idle"));
    CHECK(lines == 1 && hd_run_record_count(run) >= 1);
    CHECK(hd_run_record(run, 0, &record) == HD_OK && !strcmp(record.text, "hello timed-out"));
    CHECK(!strcmp(record.agent, "main") && !strcmp(record.agent_kind, "dedicated-worker"));
    CHECK(hd_run_record(run, 1000, &record) == HD_RANGE);
    CHECK(hd_run_cell(run, "count") && !strcmp(hd_run_cell(run, "count"), "42"));
    hd_run_free(run);
    hd_scenario_free(scenario);
}

/* ---- a finding is data ---- */

static void find_deadlock(void)
{
    static const char text[] = "Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);";
    hd_scenario *scenario;
    hd_run *run;
    hd_verdict_line line;
    hd_run_options options = {.main_is_worker = true};
    CHECK(hd_scenario_from_text("stuck.js", text, strlen(text), &scenario) == HD_OK);
    CHECK(hd_scenario_run(scenario, &options, &run) == HD_OK);
    CHECK(hd_run_exit_code(run) == 1 && !strcmp(hd_run_end(run), "deadlock"));
    CHECK(hd_run_verdict_count(run) == 1 && hd_run_verdict(run, 0, &line) == HD_OK);
    CHECK(!line.held && !strcmp(line.what, "deadlock") && strstr(line.explanation, "blocked for ever"));
    hd_run_free(run);
    hd_scenario_free(scenario);
}

static void load_nothing(void)
{
    hd_scenario *scenario;
    char *errors;
    CHECK(hd_scenario_load("there-is-no.yaml", &scenario, &errors) == HD_NOT_FOUND);
    CHECK(scenario == NULL && errors && strstr(errors, "there-is-no.yaml: there is no such file"));
    hd_text_free(errors);
    hd_scenario_free(NULL);
}

/* ---- two C threads, one block: ping and pong ---- */

enum { ROUNDS = 2000 };

static void take_turns(hd_thread *thread, hd_shared_block *block, uint64_t mine)
{
    for (int i = 0; i < ROUNDS; i++) {
        uint64_t turn = 0;
        hd_wait_result result;
        while (hd_atomics_load(block, 0, 4, &turn) == HD_OK && turn != mine)
            hd_atomics_wait(thread, block, 0, 4, (int64_t)turn, HD_FOREVER, &result);
        hd_atomics_add(block, 8, 8, 1, NULL);
        hd_atomics_store(block, 0, 4, !mine);
        hd_atomics_notify(thread, block, 0, 1, NULL);
    }
}

static void *pong(void *context)
{
    hd_thread *thread;
    if (hd_thread_attach(&thread) != HD_OK)
        return NULL;
    take_turns(thread, context, 1);
    hd_shared_block_unref(context);
    hd_thread_detach(thread);
    return NULL;
}

static void share(void)
{
    hd_thread *thread;
    hd_shared_block *block;
    hd_wait_result result;
    uint64_t value = 0;
    pthread_t other;
    CHECK(hd_thread_attach(&thread) == HD_OK);
    CHECK(hd_shared_block_create(16, 32, &block) == HD_OK);
    hd_shared_block_ref(block);
    CHECK(pthread_create(&other, NULL, pong, block) == 0);
    take_turns(thread, block, 0);
    pthread_join(other, NULL);
    CHECK(hd_atomics_load(block, 8, 8, &value) == HD_OK && value == 2 * ROUNDS);
    CHECK(hd_atomics_wait(thread, block, 0, 4, 5, HD_FOREVER, &result) == HD_OK && result == HD_WAIT_NOT_EQUAL);
    CHECK(hd_atomics_wait(thread, block, 0, 4, 0, 1000000, &result) == HD_OK && result == HD_WAIT_TIMED_OUT);
    CHECK(hd_atomics_load(block, 3, 4, &value) == HD_INVALID && hd_atomics_load(block, 16, 4, &value) == HD_RANGE);
    CHECK(hd_shared_block_grow(block, 24) == HD_OK && hd_shared_block_byte_length(block) == 24);
    CHECK(hd_shared_block_grow(block, 40) == HD_RANGE);
    hd_shared_block_unref(block);
    hd_thread_detach(thread);
}

/* ---- JavaScript and C in one run ---- */

/* Adds to a cell plainly or behind the lock that the script uses too, and says so. */
struct native_part {
    bool locked;
    bool never_notified;
    hd_wait_result waited;
};

static void add_natively(hd_thread *t, void *context)
{
    struct native_part *part = context;
    hd_shared_block *cells = hd_thread_block(t, "cells");
    uint64_t before = 0;
    uint32_t value;
    CHECK(cells && !hd_thread_block(t, "none"));
    while (part->locked && (hd_atomics_compare_exchange(cells, 0, 4, 0, 1, &before), before))
        hd_atomics_wait(t, cells, 0, 4, 1, HD_FOREVER, &part->waited);
    hd_shared_block_read(cells, 4, &value, 4);
    value++;
    hd_shared_block_write(cells, 4, &value, 4);
    if (part->locked) {
        hd_atomics_store(cells, 0, 4, 0);
        hd_atomics_notify(t, cells, 0, 1, NULL);
    }
    if (part->never_notified) {
        hd_atomics_wait(t, cells, 8, 4, 0, HD_FOREVER, &part->waited);
        CHECK(hd_thread_ends(t));
    }
}

static hd_run *run_with(struct native_part *part, const char *text)
{
    const hd_named_block blocks[] = {{"cells", 16, HD_FIXED_LENGTH}};
    const hd_native_agent natives[] = {{"adder", add_natively, part}};
    const hd_run_options options = {.main_is_worker = true, .blocks = blocks, .block_count = 1, .native_agents = natives, .native_agent_count = 1};
    hd_scenario *scenario;
    hd_run *run;
    CHECK(hd_scenario_from_text("adds.js", text, strlen(text), &scenario) == HD_OK);
    CHECK(hd_scenario_run(scenario, &options, &run) == HD_OK);
    hd_scenario_free(scenario);
    return run;
}

static const char locked_text[] = "const cells = new Int32Array(heddle.block('cells'));\n"
                                  "heddle.cell('sum', cells, 1);\n"
                                  "while (Atomics.compareExchange(cells, 0, 0, 1)) Atomics.wait(cells, 0, 1);\n"
                                  "cells[1]++;\n"
                                  "Atomics.store(cells, 0, 0); Atomics.notify(cells, 0);\n"
                                  "try { heddle.block('none'); } catch (e) { console.log(e.message); }\n";

static void meet_in_order(void)
{
    struct native_part part = {.locked = true};
    hd_run *run = run_with(&part, locked_text);
    CHECK(hd_run_exit_code(run) == 0 && !strcmp(hd_run_cell(run, "sum"), "2"));
    hd_run_free(run);
}

static void meet_unordered(void)
{
    struct native_part part = {0};
    hd_run *run = run_with(&part, "const cells = new Int32Array(heddle.block('cells'));\n"
                                  "cells[1]++;\n");
    hd_verdict_line line;
        CHECK(hd_run_exit_code(run) == RACES_ARE_FOUND);
    if (RACES_ARE_FOUND) {
        CHECK(hd_run_verdict_count(run) > 0 && hd_run_verdict(run, 0, &line) == HD_OK); /* its read and its write race */
        CHECK(!strcmp(line.what, "race") && strstr(line.explanation, "adder ") && strstr(line.explanation, "main reads"));
    }
    hd_run_free(run);
}

static void wait_for_nobody(void)
{
    struct native_part part = {.never_notified = true};
    hd_run *run = run_with(&part, "");
    CHECK(!strcmp(hd_run_end(run), "deadlock") && part.waited == HD_WAIT_TERMINATED);
    hd_run_free(run);
}

int main(void)
{
    find_races();
    run_script();
    find_deadlock();
    load_nothing();
    share();
    meet_in_order();
    meet_unordered();
    wait_for_nobody();
    printf("heddle %s: %s\n", hd_version(), failures ? "the interface fails" : "the interface holds");
    return failures != 0;
}
