#include "web/globals.h"
#include "web/realm.h"
#include "engine/interface.h"
#include <string.h>
#define W(n) __attribute__((weak)) const struct global_part n;
W(encoding_globals) W(url_globals) W(performance_globals) W(crypto_globals) W(message_globals)
#include "message/message.h"
#include "web/event.h"
#include "web/error_report.h"
#include "web/blob.h"
#include "agent/world.h"
#include <stdlib.h>
#include <stdio.h>
__attribute__((weak)) JSValue message_transfer_list(JSContext *r, JSValueConst a){(void)r;(void)a;return JS_UNDEFINED;}
__attribute__((weak)) int message_serialize(JSContext *r, JSValueConst v, JSValueConst t, struct message **out){(void)t;size_t n; const char*s; JSValue j=JS_JSONStringify(r,v,JS_UNDEFINED,JS_UNDEFINED); s=JS_ToCStringLen(r,&n,j); *out=calloc(1,sizeof(struct message)+n+1+8); memcpy(*out+1,s,n+1); JS_FreeCString(r,s); JS_FreeValue(r,j); return 0;}
__attribute__((weak)) JSValue message_deserialize(JSContext *r, struct message *m, JSValue *p){(void)p;return JS_ParseJSON(r,(char*)(m+1),strlen((char*)(m+1)),"x");}
__attribute__((weak)) void message_free(struct message *m){free(m);}
__attribute__((weak)) status blob_url_lookup(struct world *w, const char *u, char **b, size_t *l, char **t){(void)w;(void)u;(void)b;(void)l;(void)t;return STATUS_NOT_FOUND;}
__attribute__((weak)) struct shared_block *shared_array_buffer_block(JSValueConst v){(void)v;return NULL;}
