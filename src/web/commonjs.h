/* CommonJS for packages that need nothing of Node: require(), module, exports (Node "CommonJS modules"). Own thread only. */
#ifndef HEDDLE_WEB_COMMONJS_H
#define HEDDLE_WEB_COMMONJS_H

#include "web/realm.h"
#include "web/resource.h"

/* True when the script at `url` is to be wrapped. */
bool commonjs_is(JSContext *js, const char *url, const struct resource *resource);

/* The exports of the module at `url`, which is run unless it was before; an exception when it throws. A new reference. */
JSValue commonjs_load(JSContext *js, const char *url, const char *text, size_t length);

/* Before the engine is freed: forgets every module. */
void commonjs_clear(struct realm *r);

#endif
