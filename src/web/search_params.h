/* URLSearchParams and its tie to a URL. Own thread. */
#ifndef HEDDLE_WEB_SEARCH_PARAMS_H
#define HEDDLE_WEB_SEARCH_PARAMS_H

#include "base/buffer.h"
#include "engine/interface.h"

extern const struct interface search_params_interface;

/* A new object with the pairs of `query`, that tells `url` (a URL object) of its changes. */
JSValue search_params_of_url(JSContext *js, JSValueConst url, const char *query, size_t length);

/* Replaces the pairs without telling the URL. */
void search_params_replace(JSContext *js, JSValueConst params, const char *query, size_t length);

/* The i-th pair, borrowed; false past the end and for what is no URLSearchParams. */
bool search_params_pair(JSValueConst params, uint32_t i, const char **name, size_t *name_length,
                        const char **value, size_t *value_length);

/* url_object.c: the URL's query becomes `query`; an empty one is none. 0 or -1. */
int url_object_set_query(JSContext *js, JSValueConst url, const buffer *query);

#endif
