/* The host's platform-object classes. One list, so that a class has the same engine class id in every agent and code compiled
 * once can use it without shared mutable state. A class costs nothing until host_class_define. */
#ifndef HEDDLE_ENGINE_HOST_CLASS_H
#define HEDDLE_ENGINE_HOST_CLASS_H

#include "quickjs.h"

#define HOST_CLASS_LIST(X)                                                                         \
    X(EVENT_TARGET)                                                                                \
    X(EVENT)                                                                                       \
    X(CUSTOM_EVENT)                                                                                \
    X(MESSAGE_EVENT)                                                                               \
    X(ERROR_EVENT)                                                                                 \
    X(PROMISE_REJECTION_EVENT)                                                                     \
    X(ABORT_SIGNAL)                                                                                \
    X(ABORT_CONTROLLER)                                                                            \
    X(WINDOW)                                                                                      \
    X(WORKER_GLOBAL_SCOPE)                                                                         \
    X(DEDICATED_WORKER_GLOBAL_SCOPE)                                                               \
    X(WORKER_LOCATION)                                                                             \
    X(WORKER_NAVIGATOR)                                                                            \
    X(NAVIGATOR)                                                                                   \
    X(WORKER)                                                                                      \
    X(SHARED_WORKER)                                                                               \
    X(SHARED_WORKER_GLOBAL_SCOPE)                                                                  \
    X(MESSAGE_PORT)                                                                                \
    X(MESSAGE_CHANNEL)                                                                             \
    X(BROADCAST_CHANNEL)                                                                           \
    X(WORKLET)                                                                                     \
    X(WORKLET_GLOBAL_SCOPE)                                                                        \
    X(AUDIO_WORKLET)                                                                               \
    X(AUDIO_WORKLET_GLOBAL_SCOPE)                                                                  \
    X(AUDIO_WORKLET_PROCESSOR)                                                                     \
    X(AUDIO_WORKLET_NODE)                                                                          \
    X(AUDIO_NODE)                                                                                  \
    X(AUDIO_PARAM)                                                                                 \
    X(AUDIO_CONTEXT)                                                                               \
    X(BASE_AUDIO_CONTEXT)                                                                          \
    X(PAINT_WORKLET_GLOBAL_SCOPE)                                                                  \
    X(LAYOUT_WORKLET_GLOBAL_SCOPE)                                                                 \
    X(ANIMATION_WORKLET_GLOBAL_SCOPE)                                                              \
    X(LOCK_MANAGER)                                                                                \
    X(LOCK)                                                                                        \
    X(BLOB)                                                                                        \
    X(FILE_READER)                                                                                 \
    X(FILE)                                                                                        \
    X(WEBASSEMBLY_MEMORY)                                                                          \
    X(WEBASSEMBLY_MODULE)                                                                          \
    X(URL)                                                                                         \
    X(URL_SEARCH_PARAMS)                                                                           \
    X(URL_SEARCH_PARAMS_ITERATOR)                                                                  \
    X(TEXT_ENCODER)                                                                                \
    X(TEXT_DECODER)                                                                                \
    X(PERFORMANCE)                                                                                 \
    X(PERFORMANCE_ENTRY)                                                                           \
    X(PERFORMANCE_MARK)                                                                            \
    X(PERFORMANCE_NAVIGATION_TIMING)                                                               \
    X(PERFORMANCE_MEASURE)                                                                         \
    X(CRYPTO)                                                                                      \
    X(HEADERS)                                                                                     \
    X(HEADERS_ITERATOR)                                                                            \
    X(REQUEST)                                                                                     \
    X(RESPONSE)                                                                                    \
    X(XHR_EVENT_TARGET)                                                                            \
    X(XHR)                                                                                         \
    X(XHR_UPLOAD)                                                                                  \
    X(PROGRESS_EVENT)                                                                              \
    X(CACHE_STORAGE)                                                                               \
    X(CACHE)                                                                                       \
    X(SERVICE_WORKER_CONTAINER)                                                                    \
    X(SERVICE_WORKER_REGISTRATION)                                                                 \
    X(SERVICE_WORKER)                                                                              \
    X(SERVICE_WORKER_GLOBAL_SCOPE)                                                                 \
    X(EXTENDABLE_EVENT)                                                                            \
    X(FETCH_EVENT)                                                                                 \
    X(EXTENDABLE_MESSAGE_EVENT)                                                                    \
    X(CLIENTS)                                                                                     \
    X(CLIENT)                                                                                      \
    X(WINDOW_CLIENT)                                                                               \
    X(POP_STATE_EVENT)                                                                             \
    X(HASH_CHANGE_EVENT)                                                                           \
    X(PUSH_EVENT)                                                                                  \
    X(NAVIGATION_PRELOAD_MANAGER)                                                                  \
    X(CONSOLE)                                                                                     \
    X(IDLE_DEADLINE)                                                                               \
    X(TEST262_AGENT)                                                                               \
    X(WINDOW_PROXY)                                                                                \
    X(WINDOW_PROPERTIES)                                                                           \
    X(LOCATION)                                                                                    \
    X(HISTORY)                                                                                     \
    X(NODE)                                                                                        \
    X(TEXT)                                                                                        \
    X(ELEMENT)                                                                                     \
    X(HTML_ELEMENT)                                                                                \
    X(HTML_BODY_ELEMENT)                                                                           \
    X(HTML_FRAME_SET_ELEMENT)                                                                      \
    X(HTML_SCRIPT_ELEMENT)                                                                         \
    X(HTML_IFRAME_ELEMENT)                                                                         \
    X(DOCUMENT)

enum host_class {
#define X(name) HOST_CLASS_##name,
    HOST_CLASS_LIST(X)
#undef X
        HOST_CLASS_COUNT
};

/* The engine's id of a host class: the same in every runtime. */
JSClassID host_class_id(enum host_class c);

/* Registers the class in this runtime if it is not yet. Returns 0, or -1 when out of memory. */
int host_class_define(JSRuntime *runtime, enum host_class c, const JSClassDef *definition);

/* The host class of a value, HOST_CLASS_COUNT for anything else. */
enum host_class host_class_of(JSValueConst value);

#endif
