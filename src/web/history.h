/* How a document moves through its session history. Own thread, unless said otherwise. */
#ifndef HEDDLE_WEB_HISTORY_H
#define HEDDLE_WEB_HISTORY_H

#include "engine/interface.h"
#include "web/page.h"
#include "web/session_history.h"

/* HTML "navigate to a fragment": the same document under another URL. Runs JavaScript. */
void history_go_to_fragment(struct page *p, const char *url, bool replace);

extern const struct interface history_interface;

#endif
