/* Starting the windows that a run begins with; the rest is made by their scripts. This header names no engine type. */
#ifndef HEDDLE_WEB_PROGRAM_H
#define HEDDLE_WEB_PROGRAM_H

#include "agent/agent.h"

struct user_agent;

/* A tab. With `script` (copied) the page consists of that script, evaluated under `script_url`; else the resource at `url` is loaded. With
 * `opener`, the name of an earlier window, it is opened as by a script of that window's: window.open(url, target, features). */
struct window_options {
    const char *name, *url;
    const char *script_url, *script;
    size_t script_length;
    bool module;
    const char *opener, *target, *features;
    bool noopener;
};

/* Warden, before the world runs: the caller is counted awake. */
status window_start(struct user_agent *u, const struct window_options *options);

/* A script as the program of a dedicated worker that no script has made. */
status lone_worker_start(struct world *w, const struct window_options *options, struct agent **out);

#endif
