#include "web/message_delivery.h"

#include "message/message.h"
#include "web/event.h"
#include "web/web_agent.h"

static void lose(struct message *m)
{
    if (m->for_several)
        message_note_loss(LOST_FAULT);
    else
        message_lose(m, LOST_FAULT);
}

void message_deliver(struct realm *r, JSValueConst target, struct message *m, const char *origin,
                     JSValueConst source)
{
    struct web_agent *web = web_agent_of(r->agent);
    JSContext *js = r->js;
    if (web->doomed_messages) {
        web->doomed_messages--;
        lose(m);
        return;
    }
    struct message_event_init init = {
        .ports = JS_UNDEFINED, .origin = origin, .source = JS_DupValue(js, source)};
    const char *type = "message";
    init.data = message_deserialize(js, m, &init.ports);
    if (!m->for_several)
        message_free(m); /* before JavaScript runs, which may want the same memory for an answer */
    if (JS_IsException(init.data)) {
        JSValue exception = JS_GetException(js);
        bool ended = exception_is_interruption(js, exception);
        JS_FreeValue(js, exception);
        if (ended) {
            JS_FreeValue(js, init.source);
            return;
        }
        init.data = JS_NULL;
        type = "messageerror";
    }
    if (event_target_fire_message(js, target, type, &init) < 0)
        realm_report_exception(r);
}
