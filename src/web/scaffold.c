#include "web/globals.h"
#include "web/realm.h"
#include "engine/interface.h"
#include <string.h>
#define W(n) __attribute__((weak)) const struct global_part n;
W(encoding_globals) W(url_globals) W(performance_globals) W(crypto_globals)
#include "message/message.h"
#include "web/event.h"
#include "web/error_report.h"
#include "web/blob.h"
#include "agent/world.h"
#include <stdlib.h>
#include <stdio.h>
__attribute__((weak)) status blob_url_lookup(struct world *w, const char *u, char **b, size_t *l, char **t){(void)w;(void)u;(void)b;(void)l;(void)t;return STATUS_NOT_FOUND;}
