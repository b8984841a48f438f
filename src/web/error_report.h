/* Errors that nobody caught (HTML 8.1.4.7, R-ER-01..11): see also realm_report_exception in web/realm.h. Own thread. */
#ifndef HEDDLE_WEB_ERROR_REPORT_H
#define HEDDLE_WEB_ERROR_REPORT_H

#include "web/realm.h"

/* "Report an exception" with a description at hand: fires `error` at the global of `r` unless that
 * is reporting one already; not handled, it climbs: a dedicated worker's to its owner, any other's
 * to the world's notices (R-ER-03). `error` is the thrown value, or null for one that came from a
 * worker (R-ER-02); `thrower` is the agent that threw it, wherever it is reported. */
void realm_report_error(struct realm *r, struct agent *thrower, const struct error_report *report,
                        JSValueConst error);

/* Nobody is left who could handle it: the notice that becomes a finding. `finding` is an enum
 * finding_kind. */
void error_notice(struct agent *thrower, int finding, const struct error_report *report);

/* ---- rejected promises (R-ER-07..09) ---- */

struct engine;
/* Once per engine, before its first realm runs code. */
void rejections_install(struct engine *e);

/* "Notify about rejected promises": at the end of every checkpoint, for every realm of the agent. */
void rejections_notify(struct realm *r);

/* Before the realm is freed. */
void rejections_free(struct realm *r);

#endif
