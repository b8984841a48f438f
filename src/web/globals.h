/* What each part of the web puts on a global object. Every part offers one table (or two: for windows and workers); globals.c
 * joins them, so that a realm is made by walking tables, and what a program does not touch is not built. */
#ifndef HEDDLE_WEB_GLOBALS_H
#define HEDDLE_WEB_GLOBALS_H

#include "engine/js.h"

struct global_part {
    const struct lazy_property *lazy;
    int lazy_count;
    const JSCFunctionListEntry *functions; /* JS_CFUNC_DEF and accessors on the global object itself */
    int function_count;
};

/* One per file that has something to give. */
extern const struct global_part console_globals;
extern const struct global_part event_globals;     /* Event and its kin, EventTarget, AbortController, AbortSignal */
extern const struct global_part encoding_globals;  /* TextEncoder, TextDecoder, atob, btoa */
extern const struct global_part fetch_globals;     /* fetch, Headers, Request, Response */
extern const struct global_part xhr_globals;       /* XMLHttpRequest */
extern const struct global_part cache_globals;     /* caches: in secure contexts */
extern const struct global_part url_globals;       /* URL, URLSearchParams */
extern const struct global_part performance_globals;
extern const struct global_part crypto_globals;
extern const struct global_part timer_globals;     /* setTimeout & co. */
extern const struct global_part message_globals;   /* MessageChannel, MessagePort, structuredClone */
extern const struct global_part broadcast_globals; /* BroadcastChannel */
extern const struct global_part lock_globals;      /* LockManager, Lock; navigator.locks is in location_globals */
extern const struct global_part audio_globals;     /* AudioContext & co.; windows */
extern const struct global_part css_globals;       /* CSS; windows */
extern const struct global_part worker_globals;    /* Worker */
extern const struct global_part location_globals;  /* location, navigator; workers */
extern const struct global_part window_location_globals; /* the same for windows, whose location is in web/window.c */
extern const struct global_part heddle_globals;    /* the `heddle` object */

/* worker.c: what a DedicatedWorkerGlobalScope has of its own. */
extern const JSCFunctionListEntry dedicated_worker_global[];
extern const int dedicated_worker_global_count;

extern const struct global_part frame_globals;     /* requestAnimationFrame */
extern const struct global_part idle_globals;      /* windows: requestIdleCallback */
extern const struct global_part dialog_globals;    /* windows: alert, confirm, prompt */

struct realm;
/* Fills the global object of a new realm. 0, or -1 with an exception. */
int globals_install(struct realm *r);

/* Before the engine is freed: lets go of every value that the parts keep. */
void globals_clear(struct realm *r);
/* After it: frees what the parts keep outside the heap. */
void globals_release(struct realm *r);

/* When a document is destroyed (R-LIFE-04): nothing of that kind fires any more. */
void timers_clear_realm(struct realm *r);
void ports_close_realm(struct realm *r);
/* fetch.c: calls under way come to nothing. When a document is destroyed, and before the engine is freed. */
void fetches_clear(struct realm *r);
/* xhr.c, cache.c: the same. */
void requests_clear(struct realm *r);
void cache_additions_clear(struct realm *r);

/* timers.c */
/* The document is suspended: its timers keep what is left of their time until it goes on (R-TM-05, R-TM-11). */
void timers_suspend_realm(struct realm *r);
void timers_resume_realm(struct realm *r);
void timers_release(struct realm *r);

/* Gives up the ports that keep their objects, before the engine ends (R-MP-07: their twins get `close`). */
void ports_clear(struct realm *r);

/* Gives up the realm's locks and those it waits for, before the engine ends. */
void locks_clear(struct realm *r);
extern const struct lazy_property locks_of_navigator;

/* Closes the realm's broadcast channels, before the engine ends. */
void broadcast_channels_clear(struct realm *r);

/* HTML "eligible for messaging" (R-BC-01): whether the realm's broadcast channels send and receive. */
void broadcast_channels_set_eligible(struct realm *r, bool eligible);

#endif
