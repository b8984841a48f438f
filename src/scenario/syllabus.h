/* The syllabus: what is to be taught, and which scenario shows it. Entries are constant data made
 * of syllabus.def; the catalogue is filled with plans and writes tests/syllabus.md. Threads: one at
 * a time per catalogue. Blocking: never. */
#ifndef HEDDLE_SCENARIO_SYLLABUS_H
#define HEDDLE_SCENARIO_SYLLABUS_H

#include "base/buffer.h"
#include "scenario/plan.h"

typedef struct syllabus_entry {
    uint32_t number;   /* from 1 */
    char section;      /* 'A' to 'J' */
    const char *seeds; /* the texts that say it: "000 002" */
    plan_mark mark;
    const char *waits_for; /* what an entry without a scenario waits for, in words */
    const char *concept;
} syllabus_entry;

/* NULL when there is no such entry. */
const syllabus_entry *syllabus_find(uint32_t number);

/* "The frame: language, engine, host" for 'A'. */
const char *syllabus_section_title(char section);

/* True when an expectation of the plan shows that number. */
bool syllabus_is_shown(const plan *p, uint32_t number);

typedef struct syllabus_catalogue syllabus_catalogue;

syllabus_catalogue *syllabus_create(void);
void syllabus_free(syllabus_catalogue *c);

/* Notes what `p` teaches; `path` is how the page refers to the file. The plan may be freed
 * afterwards. */
void syllabus_add(syllabus_catalogue *c, const plan *p, const char *path);

/* The whole page as Markdown. */
void syllabus_write(const syllabus_catalogue *c, buffer *out);

#endif
