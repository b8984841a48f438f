/* Scenarios: what a run carries out and what must come of it. */
#ifndef HEDDLE_SCENARIO_H
#define HEDDLE_SCENARIO_H

#include "heddle/heddle.h"

#include <stddef.h>

typedef struct hd_scenario hd_scenario;

/* Loads a scenario file (YAML), or a script (.js, .mjs, .cjs) that runs in a window at https://scenario.test/. On success `*out` is
 * freed with hd_scenario_free. Otherwise HD_NOT_FOUND, HD_IO or HD_INVALID, `*out` is NULL and `*errors` (unless `errors` is NULL) a
 * text of one "file:line:column: message" per line, freed with hd_text_free. Any thread; reads files. */
HD_API hd_status hd_scenario_load(const char *path, hd_scenario **out, char **errors);

/* The same for a script's text. `name` is its name in reports ("main.js", "main.mjs"); its folder is where imports and workers are
 * looked up. The text is copied. Any thread. */
HD_API hd_status hd_scenario_from_text(const char *name, const char *text, size_t length, hd_scenario **out);

/* No run of it may be going on, and no hd_run of it may be used afterwards. NULL is allowed. */
HD_API void hd_scenario_free(hd_scenario *scenario);

/* As long as the scenario. Any thread. */
HD_API const char *hd_scenario_title(const hd_scenario *scenario);

HD_API void hd_text_free(char *text);

#endif
