/* Fuzzes the reader of litmus files and, with what can be read, the checker, the machines, the
 * verdict and the emitted scripts, all with small bounds: whatever the bytes, the answer is a
 * program or errors with places, never a crash, a leak or a hang. libFuzzer's entry; standalone.c
 * runs it without libFuzzer. */
#include "litmus/emit.h"
#include "litmus/verdict.h"
#include "litmus/witness.h"

#include "base/assert.h"

#include <stddef.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const litmus_program *p)
{
    region *memory = region_create();
    load_errors errors = {0};
    litmus_result result;
    litmus_verdict verdict;
    litmus_options few = {.most_outcomes = 50, .most_steps = 3000};
    buffer out = {0};
    status s = litmus_judge(p, &few, memory, &result, &verdict, &errors);
    hd_assert((s == STATUS_OK) == (errors.count == 0));
    if (s == STATUS_OK) {
        for (size_t i = 0; i < result.count; i++)
            litmus_outcome_write(p, result.outcomes[i].slots, &out);
        if (p->question_count > 0)
            litmus_witness_find(p, &few, &p->questions[0], memory, &errors);
        litmus_emit(p, 1, 1, &out);
    }
    buffer_release(&out);
    load_errors_release(&errors);
    region_free(memory);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    load_errors errors = {0};
    /* The first byte chooses the form. */
    const char *path = size > 0 && data[0] == '/' ? "fuzz.js" : "fuzz.yaml";
    litmus_program *p = litmus_program_read(path, (const char *)data, size, &errors);
    hd_assert((p == NULL) == (errors.count > 0));
    for (size_t i = 0; i < errors.count; i++)
        hd_assert(errors.items[i].where.line > 0 && errors.items[i].where.column > 0);
    if (p != NULL)
        check(p);
    load_errors_release(&errors);
    litmus_program_free(p);
    return 0;
}
