#include "message/envelope.h"

#include "base/assert.h"
#include "memory/shared_block.h"
#include "message/port.h"
#include "observe/hooks.h"
#include "platform/parcel.h"

#include <stdatomic.h>
#include <stdlib.h>

static size_t whole_size(uint32_t size, uint32_t attachments)
{
    return sizeof(struct message) + attachments * sizeof(struct attachment) + size;
}

struct message *message_new(uint32_t size, uint32_t attachments)
{
    struct message *m = parcel_new(whole_size(size, attachments));

    if (!m)
        return NULL;
    *m = (struct message){.task.drop = message_drop,
                          .task.source = TASK_POSTED_MESSAGE,
                          .attachments = (struct attachment *)(m + 1),
                          .attachment_count = attachments,
                          .size = size};
    m->bytes = (uint8_t *)(m->attachments + attachments);
    return m;
}

static void attachment_release(struct attachment *a)
{
    switch (a->kind) {
    case ATTACHMENT_BLOCK:
        shared_block_unref(a->thing);
        break;
    case ATTACHMENT_BYTES:
        free(a->thing);
        break;
    case ATTACHMENT_PORT:
        port_release(a->thing);
        break;
    case ATTACHMENT_PLATFORM: {
        struct platform_value *value = a->thing;
        value->drop(value);
        break;
    }
    case ATTACHMENT_NONE:
        break;
    }
}

void attachments_release(struct attachment *list, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        attachment_release(&list[i]);
}

void message_settle(struct message *m, enum message_fate fate)
{
    if (m->for_several)
        return;
    hd_invariant("INV-14", m->fate == MESSAGE_UNDER_WAY);
    m->fate = (uint8_t)fate;
}

static _Atomic uint64_t losses[MESSAGE_LOSSES]; /* relaxed: a statistic */

void message_note_loss(enum message_loss why)
{
    atomic_fetch_add_explicit(&losses[why], 1, memory_order_relaxed);
}

uint64_t message_losses(enum message_loss why)
{
    return atomic_load_explicit(&losses[why], memory_order_relaxed);
}

void message_lose(struct message *m, enum message_loss why)
{
    if (!m->for_several && m->fate == MESSAGE_UNDER_WAY) {
        message_settle(m, MESSAGE_LOST);
        message_note_loss(why);
    }
    message_free(m);
}

void message_free(struct message *m)
{
    hd_invariant("INV-14", m->for_several || m->fate != MESSAGE_UNDER_WAY);
    attachments_release(m->attachments, m->attachment_count);
    observe_drop(m->task.edge);
    parcel_free(m, whole_size(m->size, m->attachment_count));
}

void message_drop(struct task *t)
{
    message_lose(message_of_task(t), LOST_ENDED);
}
