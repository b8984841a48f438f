#include "web/globals.h"
#include "web/realm.h"
#include "engine/interface.h"
#include <string.h>
#define W(n) __attribute__((weak)) const struct global_part n;
W(event_globals) W(encoding_globals) W(url_globals) W(performance_globals) W(crypto_globals) W(message_globals) W(heddle_globals) W(location_globals)
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
__attribute__((weak)) const struct interface event_target_interface={.host_class=HOST_CLASS_EVENT_TARGET,.name="EventTarget"};
__attribute__((weak)) void event_target_mark(JSRuntime *rt, struct event_target *t, JS_MarkFunc *m){(void)rt;(void)t;(void)m;}
__attribute__((weak)) void event_target_release(JSRuntime *rt, struct event_target *t){(void)rt;(void)t;}
__attribute__((weak)) void event_listeners_free(JSRuntime *rt, struct event_listeners *l){(void)rt;(void)l;}
__attribute__((weak)) JSValue event_handler_get(JSContext *js, JSValueConst self, int type){(void)js;(void)self;(void)type;return JS_NULL;}
__attribute__((weak)) JSValue event_handler_set(JSContext *js, JSValueConst self, JSValueConst v, int type){char b[20];snprintf(b,20,"__on%d",type);JSValue g=JS_IsUndefined(self)?JS_GetGlobalObject(js):JS_DupValue(js,self);JS_SetPropertyStr(js,g,b,JS_DupValue(js,v));JS_FreeValue(js,g);return JS_UNDEFINED;}
__attribute__((weak)) int event_target_fire_simple(JSContext *js, JSValueConst t, const char *ty){(void)js;(void)t;(void)ty;return 0;}
__attribute__((weak)) int event_target_fire_message(JSContext *js, JSValueConst t, const char *type, JSValue data, const char *origin, JSValue ports){(void)type;(void)origin;(void)ports;JSValue f=JS_GetPropertyStr(js,t,"__on1");JSValue e=JS_NewObject(js);JS_SetPropertyStr(js,e,"data",data);if(JS_IsFunction(js,f))realm_call(realm_of(js),f,t,1,(JSValueConst*)&e);JS_FreeValue(js,f);JS_FreeValue(js,e);return 0;}
__attribute__((weak)) int event_target_fire_error(JSContext *js, JSValueConst t, const struct error_report *r, JSValueConst e){(void)js;(void)t;(void)r;(void)e;return 0;}
__attribute__((weak)) void realm_notice_error(struct realm *r, int finding, const struct error_report *p){struct notice n={.kind=NOTICE_ERROR,.finding=finding,.text=p->message,.stack=p->stack,.file=p->file,.line=p->line,.column=p->column};world_notice(r->agent->world,r->agent,&n);}
__attribute__((weak)) void realm_report_error(struct realm *r, const struct error_report *p, JSValueConst e){(void)e;realm_notice_error(r,1,p);}
__attribute__((weak)) void realm_report_exception(struct realm *r){JSValue x=JS_GetException(r->js);struct error_report e;if(!exception_is_interruption(r->js,x)){error_describe(r->js,x,&e);realm_notice_error(r,1,&e);error_report_free(r->js,&e);}JS_FreeValue(r->js,x);}
__attribute__((weak)) void rejections_install(struct engine *e){(void)e;}
__attribute__((weak)) void rejections_notify(struct realm *r){(void)r;}
__attribute__((weak)) void rejections_free(struct realm *r){(void)r;}
__attribute__((weak)) status blob_url_lookup(struct world *w, const char *u, char **b, size_t *l, char **t){(void)w;(void)u;(void)b;(void)l;(void)t;return STATUS_NOT_FOUND;}
static JSValue log_(JSContext *js, JSValueConst s, int c, JSValueConst *v){(void)s;(void)c;const char*t=JS_ToCString(js,v[0]);struct notice n={.kind=NOTICE_CONSOLE,.text=t};world_notice(realm_of(js)->agent->world,realm_of(js)->agent,&n);JS_FreeCString(js,t);return JS_UNDEFINED;}
static JSValue con(JSContext *js,const struct lazy_property*p){(void)p;JSValue o=JS_NewObject(js);JS_SetPropertyStr(js,o,"log",JS_NewCFunction(js,log_,"log",1));return o;}
static const struct lazy_property cl[]={{"console",con,NULL}};
__attribute__((weak)) const struct global_part console_globals={.lazy=cl,.lazy_count=1};
