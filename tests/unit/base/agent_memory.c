#include "platform/agent_memory.h"

#include <CUnit/Basic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "platform/pages.h"
#include "platform/thread.h"
#include "suites.h"

static void test_layout(void)
{
    struct agent_memory m;

    CU_ASSERT_EQUAL_FATAL(agent_memory_create(0, 0, &m), STATUS_OK);
    CU_ASSERT_EQUAL(m.stack_size, AGENT_MEMORY_STACK);
    CU_ASSERT(m.heap_size >= AGENT_MEMORY_HEAP);
    CU_ASSERT_PTR_EQUAL((char *)m.stack + m.stack_size, m.heap);
    CU_ASSERT((char *)m.heap + m.heap_size == (char *)m.reservation + m.reserved);
    CU_ASSERT((uintptr_t)m.heap % PAGE_HUGE == PAGE_HUGE / 2);
    CU_ASSERT((char *)m.stack - (char *)m.reservation >= (ptrdiff_t)PAGE_SIZE);
    ((char *)m.stack)[0] = 1;
    ((char *)m.heap)[m.heap_size - 1] = 1;
    agent_memory_free(&m);
    CU_ASSERT_PTR_NULL(m.reservation);

    CU_ASSERT_EQUAL_FATAL(agent_memory_create(1000, 64 << 20, &m), STATUS_OK);
    CU_ASSERT(m.stack_size >= 1000 && m.heap_size >= 64 << 20);
    agent_memory_free(&m);
    CU_ASSERT_EQUAL(agent_memory_create(0, (size_t)1 << 60, &m), STATUS_NO_MEMORY);
}

static void test_guard(void)
{
    struct agent_memory m;

    CU_ASSERT_EQUAL_FATAL(agent_memory_create(0, 0, &m), STATUS_OK);
    pid_t child = fork();
    if (child == 0) {
        signal(SIGSEGV, SIG_DFL);
        ((volatile char *)m.stack)[-1] = 1;
        _exit(0);
    }
    int how = 0;
    waitpid(child, &how, 0);
    CU_ASSERT(!WIFEXITED(how) || WEXITSTATUS(how) != 0);
    agent_memory_free(&m);
}

static int depth(int n)
{
    volatile char frame[1024];
    frame[n % 1024] = 1;
    return n ? depth(n - 1) + frame[n % 1024] : 0;
}

static void run_on_stack(void *result)
{
    *(int *)result = depth(3000);
}

static void test_thread_runs_on_the_stack(void)
{
    struct agent_memory m;
    thread t;
    int result = 0;

    CU_ASSERT_EQUAL_FATAL(agent_memory_create(16 << 20, 0, &m), STATUS_OK);
    CU_ASSERT_EQUAL_FATAL(thread_start(&t, m.stack, m.stack_size, run_on_stack, &result),
                          STATUS_OK);
    thread_join(&t);
    CU_ASSERT_EQUAL(result, 3000);
    CU_ASSERT(pages_resident(m.stack, m.stack_size) >= 3000 * 1024);
    agent_memory_free(&m);
}

/* The sanitizers keep mappings of their own beside each. */
#if !defined(__SANITIZE_THREAD__) && !defined(__SANITIZE_ADDRESS__)
#define COUNTS_MAPPINGS 1

static int mappings(void)
{
    FILE *f = fopen("/proc/self/maps", "r");
    int lines = 0, c;
    while ((c = getc(f)) != EOF) {
        lines += c == '\n';
    }
    fclose(f);
    return lines;
}

/* Ten thousand agents must fit into the usual limit of 65,530 mappings. */
static void test_three_mappings_each(void)
{
    enum { COUNT = 200 };
    static struct agent_memory m[COUNT];
    int before = mappings();

    for (int i = 0; i < COUNT; i++) {
        CU_ASSERT_EQUAL_FATAL(agent_memory_create(0, 0, &m[i]), STATUS_OK);
        *(char *)m[i].heap = 1;
    }
    CU_ASSERT(mappings() - before <= 3 * COUNT + 2);
    for (int i = 0; i < COUNT; i++) {
        agent_memory_free(&m[i]);
    }
    CU_ASSERT(mappings() - before <= 2);
}
#endif

static void test_discard(void)
{
    struct agent_memory m;

    CU_ASSERT_EQUAL_FATAL(agent_memory_create(0, 0, &m), STATUS_OK);
    size_t big = 32 << 20;
    memset(m.heap, 7, big);
    CU_ASSERT(pages_resident(m.heap, big) == big);
    agent_memory_release(NULL, (char *)m.heap + PAGE_SIZE, big - PAGE_SIZE);
    CU_ASSERT(pages_resident(m.heap, big) <= 2 * PAGE_SIZE);
    CU_ASSERT_EQUAL(*(char *)m.heap, 7);
    CU_ASSERT_EQUAL(((char *)m.heap)[PAGE_SIZE], 0);
    agent_memory_free(&m);
}

void agent_memory_suite(void)
{
    CU_pSuite s = CU_add_suite("agent memory", NULL, NULL);
    CU_add_test(s, "layout", test_layout);
    CU_add_test(s, "the guard faults", test_guard);
    CU_add_test(s, "a thread runs on the stack", test_thread_runs_on_the_stack);
#ifdef COUNTS_MAPPINGS
    CU_add_test(s, "three mappings each", test_three_mappings_each);
#endif
    CU_add_test(s, "discarded memory is zero and gone", test_discard);
}
