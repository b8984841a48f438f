/* Audio without sound (Web Audio, the part around audio worklets; R-WT, rules 5.8): an AudioContext renders quanta of 128 frames when it is
 * told to, by the scenario or by heddle.render. Nodes are not mixed: inputs are silent, and outputs go nowhere. */
#ifndef HEDDLE_WEB_AUDIO_H
#define HEDDLE_WEB_AUDIO_H

#include "web/worklet.h"

#define AUDIO_QUANTUM 128

/* The letters between a context and its scope. */
enum {
    AUDIO_SETUP = WORKLET_WHAT_OWN, /* to the scope: number = sample rate, port = the scope's `port` */
    AUDIO_NODE,                     /* to: id, message = [name, options], port = the processor's */
    AUDIO_VALUE,                    /* to: id, number = parameter, message = its value */
    AUDIO_RENDER,                   /* to: id = ticket or 0, number = quanta */
    AUDIO_DEFINED,                  /* from: message = [name, descriptors] */
    AUDIO_CLOCK,                    /* from: number = current frame */
    AUDIO_FAILED,                   /* from: id, message = what was thrown, as text */
};

/* What the user agent does: renders that many quanta on every context of the realm that runs. Own thread. */
void audio_render(struct realm *r, uint32_t quanta);

/* heddle.render(context, quanta): the promise of it, or an exception. */
JSValue audio_render_context(JSContext *js, JSValueConst context, uint32_t quanta);

#endif
