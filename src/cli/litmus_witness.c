/* heddle litmus --witness OUTCOME. */
#include "cli/litmus.h"

#include "litmus/witness.h"
#include "scenario/expect.h"

#include <stdio.h>

static int print_execution(const struct litmus_command *c, const litmus_execution *x, buffer *out)
{
    if (c->dot) {
        litmus_witness_dot(x, out);
    } else if (c->json) {
        litmus_witness_json(x, out);
    } else {
        litmus_outcome_write(x->program, x->slots, out);
        buffer_add(out, " is allowed. An execution:\n\n");
        litmus_witness_text(x, out);
    }
    return EXIT_HOLDS;
}

static void tell_question(const litmus_found *f, const litmus_question *q, region *memory,
                          buffer *out)
{
    load_errors errors = {0};
    litmus_options options = {.tearing = f->program->spec_tearing == LITMUS_NO
                                             ? LITMUS_TEARING_NONE
                                             : LITMUS_TEARING_SPEC};
    const litmus_execution *x = litmus_witness_find(f->program, &options, q, memory, &errors);
    if (x != NULL) {
        buffer_add(out, "How ");
        litmus_outcome_write(f->program, x->slots, out);
        buffer_add(out, " comes about:\n\n");
        litmus_witness_text(x, out);
    } else {
        buffer_format(out, "Why %s cannot be. ", q->text);
        litmus_explain(f->program, &options, q, memory, out, &errors);
    }
    load_errors_release(&errors);
}

const char *litmus_tell(const litmus_found *f, region *memory)
{
    const litmus_program *p = f->program;
    buffer out = {0};
    size_t i = 0;
    while (i < p->question_count && p->questions[i].kind == LITMUS_ALWAYS)
        i++;
    if (i == p->question_count || !f->result->complete)
        return NULL;
    tell_question(f, &p->questions[i], memory, &out);
    const char *story = region_text(memory, buffer_text(&out));
    buffer_release(&out);
    return story;
}

int litmus_run_witness(const struct litmus_command *c, const litmus_found *f, buffer *out)
{
    load_errors errors = {0};
    litmus_question q;
    litmus_options options = {0};
    region *memory = region_create();
    int code = EXIT_USAGE;
    if (f->program->spec_tearing == LITMUS_NO)
        options.tearing = LITMUS_TEARING_NONE;
    if (litmus_question_read(f->program, c->witness, &q, &errors)) {
        const litmus_execution *x = litmus_witness_find(f->program, &options, &q, memory, &errors);
        if (x != NULL) {
            code = print_execution(c, x, out);
        } else if (errors.count == 0) {
            buffer_format(out, "%s is forbidden. ", q.text);
            litmus_explain(f->program, &options, &q, memory, out, &errors);
            code = EXIT_HOLDS;
        }
    }
    litmus_print_errors(&errors);
    region_free(memory);
    return code;
}
