#include "platform/pages.h"

#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/assert.h"

/* Since Linux 5.14; older C libraries do not name it. */
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

static char *page_below(void *address)
{
    return (char *)((uintptr_t)address & ~(PAGE_SIZE - 1));
}

static char *page_above(void *address)
{
    return (char *)(((uintptr_t)address + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1));
}

status pages_reserve(size_t size, void **out)
{
    void *range = mmap(NULL, size, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (range == MAP_FAILED) {
        return STATUS_NO_MEMORY;
    }
    *out = range;
    return STATUS_OK;
}

void pages_unmap(void *address, size_t size)
{
    hd_assert(munmap(address, size) == 0);
}

status pages_guard(void *address, size_t size)
{
    char *start = page_below(address), *end = page_above((char *)address + size);

    return mprotect(start, (size_t)(end - start), PROT_NONE) ? STATUS_NO_MEMORY : STATUS_OK;
}

/* What is only advice may fail: a kernel without huge pages says EINVAL. */
static void advise(char *start, char *end, int advice)
{
    if (start < end) {
        (void)madvise(start, (size_t)(end - start), advice);
    }
}

void pages_huge(void *address, size_t size)
{
    advise(page_above(address), page_below((char *)address + size), MADV_HUGEPAGE);
}

void pages_no_huge(void *address, size_t size)
{
    advise(page_below(address), page_above((char *)address + size), MADV_NOHUGEPAGE);
}

void pages_populate(void *address, size_t size)
{
    advise(page_below(address), page_above((char *)address + size), MADV_POPULATE_WRITE);
}

void pages_discard(void *address, size_t size)
{
    char *start = page_above(address), *end = page_below((char *)address + size);

    if (start < end) {
        hd_assert(madvise(start, (size_t)(end - start), MADV_DONTNEED) == 0);
    }
}

size_t pages_resident(void *address, size_t size)
{
    char *at = page_below(address), *end = page_above((char *)address + size);
    size_t resident = 0;

    while (at < end) {
        unsigned char map[1024];
        size_t pages = (size_t)(end - at) / PAGE_SIZE;
        pages = pages < sizeof(map) ? pages : sizeof(map);
        if (mincore(at, pages * PAGE_SIZE, map)) {
            return 0;
        }
        for (size_t i = 0; i < pages; i++) {
            resident += (map[i] & 1) * PAGE_SIZE;
        }
        at += pages * PAGE_SIZE;
    }
    return resident;
}
