/* The public face of shared memory (include/heddle/shared_memory.h).
 *
 * Ownership: the crowd of attached threads lives from the first attach to the last detach. Lock order: `attached.lock` before the
 * crowd's; held while the keeper starts and ends, never on the way of an operation.
 * Ordering guarantees: those of memory/waiter_list.h and memory/block_access.h.
 * Progress guarantees: the crowd is held by the attached group as a whole, so that it is never quiet: threads that are not attached may
 * still bring work. */
#include "memory/api_place.h"
#include "memory/block_access.h"
#include "memory/native_thread.h"
#include "memory/waiter_list.h"
#include "observe/hooks.h"
#include "platform/rcu.h"
#include "platform/thread.h"

#include "heddle/shared_memory.h"

#include <stdlib.h>
#include <string.h>

#define BLOCK(public) ((struct shared_block *)(public))

static struct attached {
    pthread_mutex_t lock;
    uint64_t count; /* lock */
    struct crowd crowd;
    thread keeper;  /* lock; wakes waiters at their time-outs */
} attached = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* ---- attached threads ---- */

static void keep(void *context)
{
    uint32_t seen = 0;
    (void)context;
    rcu_thread_register();
    while (crowd_attend(&attached.crowd, CROWD_NEVER, &seen) != CROWD_STOPPED)
        ;
    rcu_thread_unregister();
}

static status enter(struct parker *p)
{
    status s = STATUS_OK;
    pthread_mutex_lock(&attached.lock);
    if (attached.count == 0) {
        crowd_init(&attached.crowd, CROWD_CLOCK_REAL);
        s = thread_start(&attached.keeper, NULL, (size_t)256 << 10, keep, NULL);
        if (s != STATUS_OK)
            crowd_destroy(&attached.crowd);
    }
    if (s == STATUS_OK) {
        attached.count++;
        parker_join(p, &attached.crowd, p);
    }
    pthread_mutex_unlock(&attached.lock);
    return s;
}

hd_status hd_thread_attach(hd_thread **out)
{
    struct hd_thread *t = calloc(1, sizeof *t);
    *out = NULL;
    if (!t)
        return HD_NO_MEMORY;
    t->parker = &t->own_parker;
    status s = enter(t->parker);
    if (s != STATUS_OK) {
        free(t);
        return (hd_status)s;
    }
    rcu_thread_register();
    *out = t;
    return HD_OK;
}

void hd_thread_detach(hd_thread *t)
{
    rcu_thread_unregister();
    pthread_mutex_lock(&attached.lock);
    parker_leave(t->parker);
    if (--attached.count == 0) {
        crowd_stop(&attached.crowd);
        thread_join(&attached.keeper);
        crowd_destroy(&attached.crowd);
    }
    pthread_mutex_unlock(&attached.lock);
    free(t);
}

/* ---- blocks ---- */

hd_status hd_shared_block_create(uint64_t byte_length, uint64_t max_byte_length, hd_shared_block **out)
{
    API_PLACE();
    struct shared_block *block = NULL;
    status s = shared_block_create(byte_length, max_byte_length, &block);
    if (s == STATUS_OK)
        OBSERVE(block_share, block); /* who gets the handle nobody can see */
    *out = (hd_shared_block *)block;
    return (hd_status)s;
}

hd_shared_block *hd_shared_block_ref(hd_shared_block *block)
{
    return (hd_shared_block *)shared_block_ref(BLOCK(block));
}

void hd_shared_block_unref(hd_shared_block *block)
{
    shared_block_unref(BLOCK(block));
}

uint64_t hd_shared_block_byte_length(hd_shared_block *block)
{
    API_PLACE();
    return shared_block_byte_length(BLOCK(block));
}

hd_status hd_shared_block_grow(hd_shared_block *block, uint64_t byte_length)
{
    API_PLACE();
    return (hd_status)shared_block_grow(BLOCK(block), byte_length);
}

static bool lies_inside(hd_shared_block *block, uint64_t offset, uint64_t size)
{
    uint64_t length = shared_block_byte_length_unordered(BLOCK(block));
    return offset <= length && size <= length - offset;
}

hd_status hd_shared_block_read(hd_shared_block *block, uint64_t offset, void *to, uint64_t size)
{
    API_PLACE();
    if (!lies_inside(block, offset, size))
        return HD_RANGE;
    block_read(BLOCK(block), offset, to, size);
    return HD_OK;
}

hd_status hd_shared_block_write(hd_shared_block *block, uint64_t offset, const void *from, uint64_t size)
{
    API_PLACE();
    if (!lies_inside(block, offset, size))
        return HD_RANGE;
    block_write(BLOCK(block), offset, from, size);
    return HD_OK;
}

/* ---- blocks of a run ---- */

struct shared_block *named_block_find(const struct named_blocks *blocks, const char *name)
{
    for (size_t i = 0; i < blocks->count; i++)
        if (!strcmp(blocks->items[i].name, name))
            return blocks->items[i].block;
    return NULL;
}

hd_shared_block *hd_thread_block(const hd_thread *t, const char *name)
{
    return (hd_shared_block *)named_block_find(&t->blocks, name);
}

bool hd_thread_ends(const hd_thread *t)
{
    return t->doomed && atomic_load_explicit(t->doomed, memory_order_acquire);
}

/* ---- cells ---- */

static hd_status check_cell(hd_shared_block *block, uint64_t offset, unsigned size, unsigned smallest)
{
    bool known = size == 1 || size == 2 || size == 4 || size == 8;
    if (!known || size < smallest || offset % size)
        return HD_INVALID;
    return lies_inside(block, offset, size) ? HD_OK : HD_RANGE;
}

static uint8_t *cell_at(hd_shared_block *block, uint64_t offset)
{
    return shared_block_bytes(BLOCK(block)) + offset;
}

hd_status hd_atomics_load(hd_shared_block *block, uint64_t offset, unsigned size, uint64_t *value)
{
    API_PLACE();
    hd_status s = check_cell(block, offset, size, 1);
    if (s == HD_OK) {
        OBSERVE(atomic_begin, cell_at(block, offset), size);
        *value = atomics_load(cell_at(block, offset), size);
        OBSERVE(atomic_end, cell_at(block, offset), size, OBSERVE_READ);
    }
    return s;
}

hd_status hd_atomics_store(hd_shared_block *block, uint64_t offset, unsigned size, uint64_t value)
{
    API_PLACE();
    hd_status s = check_cell(block, offset, size, 1);
    if (s == HD_OK) {
        OBSERVE(atomic_begin, cell_at(block, offset), size);
        atomics_store(cell_at(block, offset), size, value);
        OBSERVE(atomic_end, cell_at(block, offset), size, OBSERVE_WRITE);
    }
    return s;
}

#define READ_MODIFY_WRITE(name)                                                                                              \
    hd_status hd_atomics_##name(hd_shared_block *block, uint64_t offset, unsigned size, uint64_t value, uint64_t *old)       \
    {                                                                                                                        \
        API_PLACE();                                                                                                         \
        hd_status s = check_cell(block, offset, size, 1);                                                                    \
        if (s != HD_OK)                                                                                                      \
            return s;                                                                                                        \
        OBSERVE(atomic_begin, cell_at(block, offset), size);                                                                 \
        uint64_t before = atomics_##name(cell_at(block, offset), size, value);                                               \
        OBSERVE(atomic_end, cell_at(block, offset), size, OBSERVE_RMW);                                                      \
        if (old)                                                                                                             \
            *old = before;                                                                                                   \
        return HD_OK;                                                                                                        \
    }

READ_MODIFY_WRITE(exchange)
READ_MODIFY_WRITE(add)
READ_MODIFY_WRITE(sub)
READ_MODIFY_WRITE(and)
READ_MODIFY_WRITE(or)
READ_MODIFY_WRITE(xor)

hd_status hd_atomics_compare_exchange(hd_shared_block *block, uint64_t offset, unsigned size, uint64_t expected,
                                      uint64_t replacement, uint64_t *old)
{
    API_PLACE();
    hd_status s = check_cell(block, offset, size, 1);
    if (s != HD_OK)
        return s;
    OBSERVE(atomic_begin, cell_at(block, offset), size);
    uint64_t before = atomics_compare_exchange(cell_at(block, offset), size, expected, replacement);
    bool equal = ((before ^ expected) & UINT64_MAX >> (64 - 8 * size)) == 0;
    OBSERVE(atomic_end, cell_at(block, offset), size, equal ? OBSERVE_RMW : OBSERVE_READ);
    if (old)
        *old = before;
    return HD_OK;
}

hd_status hd_atomics_wait(hd_thread *t, hd_shared_block *block, uint64_t offset, unsigned size, int64_t expected,
                          int64_t timeout_ns, hd_wait_result *out)
{
    static const hd_wait_result results[] = {[WAIT_OK] = HD_WAIT_OK, [WAIT_NOT_EQUAL] = HD_WAIT_NOT_EQUAL,
                                             [WAIT_TIMED_OUT] = HD_WAIT_TIMED_OUT, [WAIT_TERMINATED] = HD_WAIT_TERMINATED};
    API_PLACE();
    hd_status s = check_cell(block, offset, size, 4);
    if (s != HD_OK)
        return s;
    if (timeout_ns < 0)
        return HD_INVALID;
    enum wait_result result = waiter_wait(BLOCK(block), offset, size, expected,
                                          timeout_ns > CROWD_LATEST ? CROWD_NEVER : timeout_ns, t->parker,
                                          t->doomed, NULL);
    *out = results[result];
    return HD_OK;
}

hd_status hd_atomics_notify(hd_thread *t, hd_shared_block *block, uint64_t offset, uint64_t count, uint64_t *woken)
{
    API_PLACE();
    (void)t; /* that there is one says the caller is awake among the attached threads */
    hd_status s = check_cell(block, offset, 4, 4);
    if (s != HD_OK)
        return s;
    uint64_t number = waiter_notify(BLOCK(block), offset, count);
    if (woken)
        *woken = number;
    return HD_OK;
}
