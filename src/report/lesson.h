/* Lessons for people: what a scenario teaches, set in columns of text.
 *
 * Threads: one at a time per sink. Blocking: what the sink does. */
#ifndef HEDDLE_REPORT_LESSON_H
#define HEDDLE_REPORT_LESSON_H

#include "base/buffer.h"
#include "scenario/plan.h"
#include "scenario/syllabus.h"

struct lesson_style {
    uint32_t width; /* columns of the terminal; text is set in at most 96 of them */
    bool colours;
};

/* The title, where it comes from, and the six fields: says, means, like, try, beware, see. */
void lesson_write(const plan *p, const struct lesson_style *style, buffer *out);

/* "170  A kill from outside takes the whole cluster", its subject and what the seeds say of it. */
void lesson_write_entry(const syllabus_entry *entry, const struct lesson_style *style, buffer *out);

#endif
