/* Scripts of other origins that were loaded without their consent: what goes wrong in them is told without details (HTML "muted errors",
 * R-ER-05). Own thread. */
#ifndef HEDDLE_WEB_MUTED_SCRIPTS_H
#define HEDDLE_WEB_MUTED_SCRIPTS_H

#include "web/realm.h"

/* The script of that URL is muted in the realm, if the answer that brought it was opaque. */
struct resource;
void muted_scripts_note(struct realm *r, const char *url, const struct resource *answer);

bool muted_scripts_has(const struct realm *r, const char *url);

/* True when the running script is one of them. */
bool muted_scripts_runs(struct realm *r);

void muted_scripts_free(struct realm *r);

#endif
