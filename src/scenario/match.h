/* Comparing one expected line with one record, and finding for many lines the records that satisfy
 * them. Threads: any, without shared state. Blocking: never. */
#ifndef HEDDLE_SCENARIO_MATCH_H
#define HEDDLE_SCENARIO_MATCH_H

#include "base/buffer.h"
#include "scenario/observation.h"
#include "scenario/plan.h"

/* The records that an expectation looks at, in the order of the run. */
typedef struct record_list {
    const observation_record **items;
    size_t count;
} record_list;

/* In what a record differs from a line first; the order is that of likeness. */
typedef enum match_result {
    MATCH_EQUAL,
    MATCH_TIME_DIFFERS,
    MATCH_LEVEL_DIFFERS,
    MATCH_AGENT_DIFFERS,
    MATCH_TEXT_DIFFERS
} match_result;

match_result match_line(const expect_line *line, const observation_record *record);

/* Gives every line `times` records of `records[first .. first + count)`, no record to two lines, as
 * many as possible. `owner[i]` becomes the index of the line that has record first + i, or
 * SIZE_MAX; `missing[l]` how many line l lacks. True when nothing is missing. */
bool match_assign(const expect_lines *lines, const record_list *records, size_t first, size_t count,
                  size_t *owner, uint64_t *missing);

/* Records of one kind, of one agent unless that is NULL. */
record_list match_select(region *memory, const observation *o, observation_kind kind,
                         const char *agent);

/* "agent: text" on one line, as it is shown in explanations. */
void match_describe_record(const observation_record *record, buffer *out);
void match_describe_line(const expect_line *line, buffer *out);

/* The index of the record from `first` on whose text is most like the line's, SIZE_MAX when none is
 * alike. */
size_t match_nearest(const expect_line *line, const record_list *records, size_t first);

#endif
