/* The scenario file format as a schema: the one place that says which keys there are. The loader
 * checks files against it, build.c reads the checked tree, and `heddle schema` prints it. */
#ifndef HEDDLE_SCENARIO_FORMAT_H
#define HEDDLE_SCENARIO_FORMAT_H

#include "scenario/schema.h"

/* Entries of the syllabus are numbered from 1 to this. */
#define SYLLABUS_LAST 183

extern const schema scenario_schema;

/* The keys of one expected line; every other key of such a map is an agent's name. */
bool format_is_line_key(const char *key);

/* A window without an address lives here; paths are relative to it. */
#define SCENARIO_BASE_URL "https://scenario.test/"

#endif
