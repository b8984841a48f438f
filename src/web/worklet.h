/* Worklets (HTML section 11; R-AG-05, R-WT-01..04): what a worklet of any kind is made of. The owner's side has the worklet, with its modules
 * and its scopes; each scope is an agent of the owner's cluster with one realm. Both sides talk by orders (to a scope) and news (to the owner).
 *
 * Ownership: a worklet belongs to its owner's realm and ends with it, its scopes too. A scope belongs to its agent. What is under way refers
 * to the worklet through a counted tie, which the end cuts.
 * Threads: the owner's functions on its own, a scope's on its own.
 * Ordering guarantees: orders of one owner reach a scope in the order of giving, news of one scope the owner likewise.
 * Progress guarantees: nobody waits for the other side. */
#ifndef HEDDLE_WEB_WORKLET_H
#define HEDDLE_WEB_WORKLET_H

#include "engine/interface.h"
#include "web/realm.h"

struct message;
struct port;
struct worklet;
struct worklet_scope;

enum worklet_kind { WORKLET_AUDIO, WORKLET_PAINT, WORKLET_LAYOUT, WORKLET_ANIMATION, WORKLET_KIND_COUNT };

/* An order or a piece of news. `what` is the kind's own, from WORKLET_WHAT_OWN on; `message` may be NULL. */
enum { WORKLET_MODULE, WORKLET_DONE, WORKLET_REFUSED, WORKLET_WHAT_OWN };

struct worklet_letter {
    int what;
    uint32_t id;
    int64_t number;
    struct message *message; /* freed by whoever carries the letter */
    struct port *port;       /* taken by the receiver (set to NULL), else released */
};

/* ---- the owner's side ---- */

struct worklet_owner_calls {
    /* News that is not the worklet's own. */
    void (*hear)(void *holder, struct worklet *w, struct worklet_letter *letter);
    /* A scope has been made; before its first order. */
    void (*scope_made)(void *holder, struct worklet *w, unsigned scope); /* or NULL */
    /* The worklet ends with its realm; the last call. */
    void (*ended)(void *holder);
};

/* A new worklet of the realm, without scopes. `scopes` is how many global scopes it shall have. NULL when there is no memory. */
struct worklet *worklet_new(struct realm *owner, enum worklet_kind kind, unsigned scopes, const struct worklet_owner_calls *calls,
                            void *holder);

/* The Worklet object: of `interface`, which is worklet_interface or inherits it; `opaque` begins with a struct worklet_object. */
struct worklet_object {
    struct worklet *worklet; /* NULL once its realm has ended */
};
extern const struct interface worklet_interface;

/* addModule (R-WT-01). The promise, or an exception. */
JSValue worklet_add_module(JSContext *js, struct worklet *w, int count, JSValueConst *arguments);

unsigned worklet_scope_count(const struct worklet *w);
struct agent *worklet_agent(const struct worklet *w, unsigned scope);

/* Sends an order; takes message and port. A scope that is gone loses it. */
void worklet_order(struct worklet *w, unsigned scope, const struct worklet_letter *letter);

/* A ticket for something that `answers` pieces of news of WORKLET_DONE (or one of WORKLET_REFUSED) will settle: its number, and the promise.
 * The last DONE's message is the value. An exception when there is no memory. */
JSValue worklet_ticket(struct worklet *w, unsigned answers, uint32_t *id);

/* R-WT-04: ends one scope; a new one takes its place at once, and runs the modules that were added (R-WT-02). */
void worklet_replace_scope(struct worklet *w, unsigned scope);

/* The same for the scope that is this agent, if it is one of the realm's worklets. */
void worklets_replace_scope(struct realm *r, const struct agent *scope);

/* Document destruction: ends all scopes of all worklets of the realm. Before the engine is freed. */
void worklets_clear(struct realm *r);

/* ---- a scope's side ---- */

struct worklet_scope_calls {
    const char *name; /* "audio": of the agent, with a number */
    enum global_kind global;
    const struct interface *interface; /* of the global object */
    const JSCFunctionListEntry *functions; /* of the global object's own */
    int function_count;
    const struct lazy_property *lazy;
    int lazy_count;
    void (*order)(struct worklet_scope *s, struct realm *r, struct worklet_letter *letter);
    void (*clear)(struct worklet_scope *s, struct realm *r); /* lets go of values, before the engine is freed */
};

/* One table per kind. */
extern const struct worklet_scope_calls audio_scope_calls, paint_scope_calls, layout_scope_calls, animation_scope_calls;

/* The scope whose realm this is; NULL elsewhere. */
struct worklet_scope *worklet_scope_of(const struct realm *r);
struct agent *worklet_scope_agent(struct worklet_scope *s);

/* What a kind keeps: its first use makes it, zeroed, and the scope's end frees it. */
void *worklet_scope_data(struct worklet_scope *s, size_t size);

/* Sends news; takes the message. */
void worklet_tell(struct worklet_scope *s, const struct worklet_letter *letter);

/* The answer to a ticket: done with a value (taken; undefined for none), or refused with the pending exception. */
void worklet_answer(struct worklet_scope *s, struct realm *r, uint32_t id, JSValue value);
void worklet_answer_exception(struct worklet_scope *s, struct realm *r, uint32_t id);

/* globals.c: fills the global object of a worklet's realm. 0 or -1. */
int worklet_globals_install(struct realm *r, JSValueConst global);

/* The two of the global scopes' interfaces. */
extern const struct interface worklet_global_scope_interface;

/* ---- registered classes ---- */

struct definition {
    struct definition *next;
    char *name;
    JSValue constructor;
    JSValue instance; /* undefined = none yet */
};

/* A class that was registered under that name, NULL. */
struct definition *definition_find(struct definition *list, const char *name);

/* Checks (name, constructor) of a register call as far as all kinds agree, and adds the definition to the list. `duplicate` names the
 * exception for a name that is taken, `empty` the one for an empty name (NULL: a TypeError). `method`, if any, has to be a function of the
 * prototype. NULL with an exception. */
struct definition *definition_add(JSContext *js, struct definition **list, int count, JSValueConst *arguments, const char *empty,
                                  const char *duplicate, const char *method);
void definition_remove(JSContext *js, struct definition **list, struct definition *d);
void definitions_free(JSContext *js, struct definition **list);

#endif
