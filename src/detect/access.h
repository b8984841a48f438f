/* One access on its way through the shadow. For src/detect and its tests. */
#ifndef HEDDLE_DETECT_ACCESS_H
#define HEDDLE_DETECT_ACCESS_H

#include "detect/mutant.h"
#include "detect/thread.h"

#define ACCESS_CONFLICTS 16u

/* Another access that this one is not ordered with. */
struct conflict {
    uint64_t stamp;
    uint32_t site;
    enum lane_list list;
    bool last;         /* its write is the one that stands in the bytes now */
    struct cell *cell; /* where it was met first */
    unsigned byte;
    const uint8_t *from, *to; /* the bytes it was met at */
};

struct access {
    struct detect_thread *thread;
    const uint8_t *address;
    uint64_t size;
    enum observe_kind kind;
    bool atomic;
    enum lane_list list;
    uint64_t stamp;
    uint32_t site;
    uint64_t view_offset; /* from the address back to where its view begins; UINT64_MAX = unknown */
    uint64_t before;      /* atomic: the value found */
    unsigned count;
    struct conflict conflicts[ACCESS_CONFLICTS];
};

extern struct detect_options detect_settings;

/* The hooks. */
void detect_access(const void *address, uint64_t size, enum observe_kind kind);
void detect_atomic_begin(const void *address, unsigned size);
void detect_atomic_end(const void *address, unsigned size, enum observe_kind kind);

/* races.c: outside every cell's lock. */
void races_report(struct access *a);
void races_confirm(struct detect_thread *t);
void races_open(void);
void races_close(void);
void races_leave(void *run);
uint64_t races_dropped(void);
void races_advise(struct detect_thread *t, enum advice_kind kind, const void *address,
                  uint64_t size, uint32_t site, uint32_t other_site,
                  const struct detect_thread *other);

/* blocks.c: what is known of blocks and of their waiter lists and lengths. */
struct block_note {
    uint64_t id, size;
    uint32_t site, agent;
    const uint8_t *bytes;
};
bool blocks_find(const void *address, struct block_note *out);
void blocks_open(void);
void blocks_close(void);
void blocks_begin(struct shared_block *block);
void blocks_share(struct shared_block *block);
void blocks_end(struct shared_block *block);
uint64_t blocks_shared(void);
void sections_enter(struct shared_block *block, uint64_t offset);
void sections_leave(struct shared_block *block, uint64_t offset);
void sections_waited(struct detect_thread *t, uint32_t site);
void sections_advise(void *run);
void lengths_begin(struct shared_block *block);
void lengths_end(struct shared_block *block, enum observe_kind kind);

/* detect.c */
struct observe_edge *edges_send(enum observe_edge_kind kind);
void edges_learn(const struct observe_edge *edge);
void edges_receive(struct observe_edge *edge);
void edges_drop(struct observe_edge *edge);

#endif
