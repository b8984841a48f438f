/* Animation frames (HTML 8.11, 8.1.7.3; R-RN-01..05). Own thread. */
#ifndef HEDDLE_WEB_FRAMES_H
#define HEDDLE_WEB_FRAMES_H

#include "web/realm.h"

/* The document has become visible: frames come again. */
void frames_resume(struct realm *r);

/* Before the realm's values go. */
void frames_clear(struct realm *r);

#endif
