/* What a race's report says, in words for a reader who knows JavaScript but not the memory model.
 * For races.c alone; every text lives as long as the job's memory. */
#ifndef HEDDLE_SCENARIO_RACE_TEXTS_H
#define HEDDLE_SCENARIO_RACE_TEXTS_H

#include "detect/detect.h"
#include "scenario/races.h"

struct race_job {
    const struct races_job *all;
    region *memory;
    const struct race *race;
    const observation_party *parties; /* older, newer */
};

/* races.c: the innermost place in JavaScript. */
source_position race_place(const struct race_job *j, uint32_t site);

const char *race_class_name(enum race_class class); /* "observed", ... */
const char *race_view_name(enum observe_view view); /* "Int32Array"; NULL = unknown */
const char *race_doing(const struct race_job *j, const struct race_party *p);
const char *race_value(const struct race_job *j, enum observe_view view, unsigned size,
                       uint64_t bits);

const char *race_headline(const struct race_job *j, const observation_race *race);
const char *race_consequence(const struct race_job *j);
const char *race_happens(const struct race_job *j);
const char *race_because(const struct race_job *j);
const char *race_missing(const struct race_job *j);
const char *race_remedy(const struct race_job *j);
const char *race_rule(const struct race *r);
const char *race_advice(const struct race_job *j, const struct advice *v);

#endif
