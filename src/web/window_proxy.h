/* WindowProxy (HTML 7.2.3): what scripts hold of a browsing context. It outlives navigation: the
 * Window behind it is exchanged (R-WIN-01).
 *
 * One object per browsing context and agent. Where the Window is in the same agent and same
 * origin-domain with whoever looks, everything goes to its global object; else only what the
 * cross-origin rules let through (R-WIN-02, R-WIN-03). Ownership: a proxy holds its browsing
 * context. Threads: the agent's own. */
#ifndef HEDDLE_WEB_WINDOW_PROXY_H
#define HEDDLE_WEB_WINDOW_PROXY_H

#include "web/browsing_context.h"
#include "web/realm.h"

struct window_proxy;

/* The agent's proxy for the context, a new reference; null for NULL. An exception when out of
 * memory. */
JSValue window_proxy_for(JSContext *js, struct browsing_context *c);

/* The context of a WindowProxy; NULL for any other value. Borrowed. */
struct browsing_context *window_proxy_context(JSValueConst value);

/* The realm of the Window behind it, if that is in this agent; NULL otherwise and for other values.
 */
struct realm *window_proxy_realm(JSValueConst value);

/* Makes the realm's global object the Window behind the context's proxy, and the proxy what its
 * scripts see as their global object. 0, or -1 with an exception. */
int window_proxy_attach(struct realm *r);

/* The realm's Window is behind its proxy no longer. */
void window_proxy_detach(struct realm *r);

/* HTML IsPlatformObjectSameOrigin: whether code of `js` may look into the realm (R-WIN-02). */
bool realm_is_accessible(JSContext *js, const struct realm *r);

JSValue throw_cross_origin(JSContext *js, JSAtom name);

/* Puts the object of named frames behind Window.prototype (HTML 7.2.2.2 "named access"). 0, or -1
 * with an exception. */
int window_properties_install(struct realm *r, JSValueConst window_prototype);

#endif
