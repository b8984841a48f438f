/* See race_texts.h. */
#include "scenario/race_texts.h"

#include "scenario/code_frame.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- words ---- */

const char *race_class_name(enum race_class class)
{
    static const char *const names[] = {[RACE_OBSERVED] = "observed",
                                        [RACE_UNORDERED] = "unordered",
                                        [RACE_UNDECIDED] = "undecided",
                                        [RACE_EXCLUSIVE] = "exclusive"};
    return names[class];
}

const char *race_view_name(enum observe_view view)
{
    static const char *const names[] = {
        NULL,           "Uint8ClampedArray", "Int8Array",    "Uint8Array",    "Int16Array",
        "Uint16Array",  "Int32Array",        "Uint32Array",  "BigInt64Array", "BigUint64Array",
        "Float16Array", "Float32Array",      "Float64Array", "DataView"};
    return names[view];
}

static const char *built_in(uint32_t site)
{
    const struct site_place *p = site_frame(site, 0);
    return p && !p->file && *p->function ? p->function : NULL;
}

/* A C thread through the public interface: a site names the place of the call. */
static bool is_native(const struct race_party *p)
{
    return !p->agent || !strcmp(p->kind, "native");
}

static const char *doing_natively(const struct race_job *j, const struct race_party *p)
{
    static const char *const deeds[2][2] = {{"writes", "reads"}, {"writes atomically", "reads atomically"}};
    const char *deed = deeds[p->atomic][p->access == OBSERVE_READ], *place = built_in(p->site);
    return place ? region_format(j->memory, "%s at %s", deed, place) : deed;
}

const char *race_doing(const struct race_job *j, const struct race_party *p)
{
    const char *name = built_in(p->site);
    if (is_native(p))
        return doing_natively(j, p);
    if (p->access == OBSERVE_EXCLUSIVE)
        return "claims with heddle.exclusive";
    if (p->atomic && name)
        return region_format(j->memory, "Atomics.%s", name);
    if (p->atomic)
        return p->access == OBSERVE_READ ? "reads atomically" : "writes atomically";
    const char *how = p->access == OBSERVE_READ ? "reads"
                      : p->update               ? "reads, then writes"
                                                : "writes";
    return name ? region_format(j->memory, "%s in %s()", how, name) : how;
}

const char *race_value(const struct race_job *j, enum observe_view view, unsigned size,
                       uint64_t bits)
{
    union {
        uint64_t bits;
        double d;
        float f;
    } u = {.bits = bits};
    bool fits = view == OBSERVE_VIEW_FLOAT64 || view == OBSERVE_VIEW_BIG_INT64 ||
                        view == OBSERVE_VIEW_BIG_UINT64
                    ? size == 8
                    : size <= 4;
    if (!fits)
        return region_format(j->memory, "0x%0*" PRIx64, (int)size * 2, bits);
    switch (view) {
    case OBSERVE_VIEW_INT8:
        return region_format(j->memory, "%d", (int8_t)bits);
    case OBSERVE_VIEW_INT16:
        return region_format(j->memory, "%d", (int16_t)bits);
    case OBSERVE_VIEW_INT32:
        return region_format(j->memory, "%d", (int32_t)bits);
    case OBSERVE_VIEW_BIG_INT64:
        return region_format(j->memory, "%" PRId64 "n", (int64_t)bits);
    case OBSERVE_VIEW_BIG_UINT64:
        return region_format(j->memory, "%" PRIu64 "n", bits);
    case OBSERVE_VIEW_FLOAT32:
        return region_format(j->memory, "%.9g", (double)u.f);
    case OBSERVE_VIEW_FLOAT64:
        return region_format(j->memory, "%.17g", u.d);
    case OBSERVE_VIEW_UINT8_CLAMPED:
    case OBSERVE_VIEW_UINT8:
    case OBSERVE_VIEW_UINT16:
    case OBSERVE_VIEW_UINT32:
        return region_format(j->memory, "%" PRIu64, bits);
    default:
        return region_format(j->memory, "0x%0*" PRIx64, (int)size * 2, bits);
    }
}

static const char *place_text(const struct race_job *j, uint32_t site)
{
    source_position where = race_place(j, site);
    where = plan_locate(j->all->plan, where.file, where.line, where.column);
    return where.line ? region_format(j->memory, "%s:%u:%u", where.file, where.line, where.column)
                      : NULL;
}

/* The element, as the newer access reaches it. */
static const char *element_text(const struct race_job *j, const observation_party *p)
{
    const char *cell = p->cell ? region_format(j->memory, "cell \"%s\", ", p->cell) : "";
    if (p->has_index)
        return region_format(j->memory, "%s%s[%" PRIu64 "]", cell, p->array, p->index);
    if (p->byte_size == 1)
        return region_format(j->memory, "%sbyte %" PRIu64, cell, p->byte_offset);
    return region_format(j->memory, "%sbytes %" PRIu64 "–%" PRIu64, cell, p->byte_offset,
                         p->byte_offset + p->byte_size - 1);
}

/* ---- what can come of it ---- */

static bool no_tear(const struct race_party *p)
{
    if (p->atomic)
        return true;
    if (is_native(p)) /* see hd_shared_block_read */
        return p->whole;
    switch (p->view) {
    case OBSERVE_VIEW_INT8:
    case OBSERVE_VIEW_UINT8:
    case OBSERVE_VIEW_INT16:
    case OBSERVE_VIEW_UINT16:
    case OBSERVE_VIEW_INT32:
    case OBSERVE_VIEW_UINT32:
        return p->whole;
    default:
        return p->whole && p->size == 1;
    }
}

static bool may_tear(const struct race *r)
{
    const struct race_party *a = &r->older, *b = &r->newer;
    bool one_byte = r->size == 1 && a->size == 1 && b->size == 1;
    return !one_byte &&
           (!no_tear(a) || !no_tear(b) || a->size != b->size || a->offset != b->offset);
}

static bool is_write(const struct race_party *p)
{
    return p->access != OBSERVE_READ;
}

enum consequence {
    LOST_UPDATE,
    ENDLESS_LOOP,
    TORN_VALUE,
    PUBLICATION,
    STALE_READ,
    LOST_WRITE,
    BROKEN_CLAIM
};

static const struct race_party *updater(const struct race *r)
{
    return r->newer.update ? &r->newer : &r->older;
}

static const struct race_party *other_of(const struct race *r, const struct race_party *p)
{
    return p == &r->newer ? &r->older : &r->newer;
}

/* Another race of the same two, on what the reader waits for in a loop: whoever orders that has
 * ordered this one too. */
static const struct race *flag_of(const struct race *r)
{
    const struct race_party *reader = is_write(&r->older) ? &r->newer : &r->older,
                            *writer = other_of(r, reader);
    if (is_write(reader) || reader->atomic || reader->repeated)
        return NULL;
    for (const struct race *f = detect_races(r->run); f; f = detect_next_race(f)) {
        const struct race_party *spinner = f->older.repeated   ? &f->older
                                           : f->newer.repeated ? &f->newer
                                                               : NULL;
        if (f != r && spinner && spinner->agent == reader->agent &&
            other_of(f, spinner)->agent == writer->agent)
            return f;
    }
    return NULL;
}

/* It writes there, or the agent changes the same bytes in another race of the run: this is the reading half. */
static bool changes(const struct race *r, const struct race_party *p)
{
    if (is_write(p))
        return true;
    for (const struct race *f = detect_races(r->run); f; f = detect_next_race(f)) {
        const struct race_party *same = f->older.agent == p->agent   ? &f->older
                                        : f->newer.agent == p->agent ? &f->newer
                                                                     : NULL;
        if (same && same->update && f->block == r->block && same->offset == p->offset)
            return true;
    }
    return false;
}

static bool loses_update(const struct race *r)
{
    return (r->older.update && changes(r, &r->newer)) || (r->newer.update && changes(r, &r->older));
}

static enum consequence consequence_of(const struct race *r)
{
    if (r->class == RACE_EXCLUSIVE)
        return BROKEN_CLAIM;
    if (r->older.repeated || r->newer.repeated)
        return ENDLESS_LOOP;
    if (may_tear(r))
        return TORN_VALUE;
    if (loses_update(r))
        return LOST_UPDATE;
    if (is_write(&r->older) && is_write(&r->newer))
        return LOST_WRITE;
    if (flag_of(r) || (is_write(&r->older) && r->next.kind && r->next.kind != SYNC_LENGTH))
        return PUBLICATION;
    return STALE_READ;
}

const char *race_consequence(const struct race_job *j)
{
    static const char *const names[] = {
        [LOST_UPDATE] = "lost update",  [ENDLESS_LOOP] = "a loop that may never end",
        [TORN_VALUE] = "torn value",    [PUBLICATION] = "unordered publication",
        [STALE_READ] = "stale read",    [LOST_WRITE] = "one write is lost",
        [BROKEN_CLAIM] = "broken claim"};
    return names[consequence_of(j->race)];
}

const char *race_happens(const struct race_job *j)
{
    const struct race *r = j->race;
    const struct race_party *reader = is_write(&r->older) ? &r->newer : &r->older,
                            *writer = other_of(r, reader);
    const char *element = element_text(j, &j->parties[1]);
    switch (consequence_of(r)) {
    case LOST_UPDATE:
        return region_format(j->memory,
                             "%s reads, changes and writes back. If %s writes in between, that "
                             "write is overwritten as if it had never "
                             "been made: the result misses it, and only now and then.",
                             updater(r)->name, other_of(r, updater(r))->name);
    case ENDLESS_LOOP:
        return region_format(j->memory,
                             "%s waits in a loop for %s to change %s. A plain read may be moved "
                             "out of the loop by an engine that compiles "
                             "it: then the new value is never looked at, and the loop never ends.",
                             reader->name, writer->name, element);
    case TORN_VALUE:
        return region_format(
            j->memory,
            "The two accesses are not one piece of memory each (%s of %" PRIu64
            " byte%s, %s of %" PRIu64 "): a reader may find some bytes of the one and some of the "
                                      "other, a value that nobody ever wrote.",
            race_view_name(r->older.view) ? race_view_name(r->older.view) : "an access",
            r->older.size, r->older.size == 1 ? "" : "s",
            race_view_name(r->newer.view) ? race_view_name(r->newer.view) : "an access",
            r->newer.size);
    case PUBLICATION:
        if (flag_of(r))
            return region_format(
                j->memory,
                "%s writes %s and then a flag, and %s waits for that flag. But a plain flag tells "
                "nothing about what was written "
                "before it: %s may see the flag changed and still find the value of before here.",
                writer->name, element, reader->name, reader->name);
        return region_format(j->memory,
                             "%s writes %s and then tells of it; but %s reads without having been "
                             "told. It may find the value of before, "
                             "even after it has seen a later write of %s.",
                             writer->name, element, reader->name, writer->name);
    case STALE_READ:
        return region_format(j->memory,
                             "%s may find the value of before or after the write of %s, in the "
                             "same run now this and now that.",
                             reader->name, writer->name);
    case LOST_WRITE:
        return region_format(j->memory,
                             "Both write %s. Which of the two values stays is open, and another "
                             "agent may see them in the other order.",
                             element);
    case BROKEN_CLAIM:
        break;
    }
    return "heddle.exclusive() says that nobody else uses this element at that moment, and "
           "somebody does.";
}

/* ---- why nothing orders them ---- */

static const char *sync_name(const struct race_job *j, const struct race_sync *s)
{
    static const char *const edges[] = {[OBSERVE_MESSAGE] = "a message",
                                        [OBSERVE_START] = "the start of a worker",
                                        [OBSERVE_END] = "the end of a worker",
                                        [OBSERVE_SETTLEMENT] = "a settled promise",
                                        [OBSERVE_BARRIER] = "heddle.barrier",
                                        [OBSERVE_LOCK] = "a Web Lock",
                                        [OBSERVE_DECLARED] = "an order declared in C"};
    const char *name = built_in(s->site), *place = place_text(j, s->site), *what;
    if (s->kind >= SYNC_EDGE)
        what = edges[s->kind - SYNC_EDGE];
    else if (s->kind == SYNC_LENGTH)
        what = "grow";
    else
        what = name ? region_format(j->memory, "Atomics.%s", name) : "an atomic operation";
    return place ? region_format(j->memory, "%s at %s", what, place) : what;
}

const char *race_because(const struct race_job *j)
{
    const struct race *r = j->race;
    const char *older = r->older.name, *newer = r->newer.name,
               *verb = is_write(&r->older) ? "wrote" : "read";
    if (!r->last.kind)
        return region_format(
            j->memory,
            "Nothing that %s did had reached %s by then: the two had not synchronised at all.",
            older, newer);
    const char *received = place_text(j, r->last_receiver);
    return region_format(j->memory,
                         "The last that %s knew of %s was %s%s%s. It was after that when %s %s.",
                         newer, older, sync_name(j, &r->last), received ? ", received at " : "",
                         received ? received : "", older, verb);
}

const char *race_missing(const struct race_job *j)
{
    const struct race *r = j->race;
    const char *older = r->older.name, *newer = r->newer.name;
    if (!r->next.kind)
        return region_format(j->memory,
                             "After that %s handed nothing on: no Atomics.store, no notify, no "
                             "message came between the two accesses that %s "
                             "could have waited for.",
                             older, newer);
    if (r->next.kind == SYNC_ATOMIC)
        return region_format(j->memory,
                             "The nearest is %s, by %s. %s did not read that value with Atomics "
                             "before its own access.",
                             sync_name(j, &r->next), older, newer);
    return region_format(j->memory,
                         "The nearest is %s, by %s; %s had not received it before its own access.",
                         sync_name(j, &r->next), older, newer);
}

/* ---- what to change ---- */

static enum code_access code_access_of(const struct race_party *p)
{
    return p->update ? CODE_UPDATE : is_write(p) ? CODE_WRITE : CODE_READ;
}

static bool has_atomics(const struct race_party *p)
{
    bool floating = p->view == OBSERVE_VIEW_FLOAT16 || p->view == OBSERVE_VIEW_FLOAT32 ||
                    p->view == OBSERVE_VIEW_FLOAT64;
    return p->view && p->view != OBSERVE_VIEW_DATA_VIEW && p->view != OBSERVE_VIEW_UINT8_CLAMPED &&
           !floating && p->whole && !built_in(p->site);
}

static bool add_change(const struct race_job *j, const struct race_party *p,
                       const observation_party *shown, buffer *out)
{
    char *line = code_line(j->all->plan, shown->where), *changed = NULL;
    source_position where =
        plan_locate(j->all->plan, shown->where.file, shown->where.line, shown->where.column);
    if (line)
        changed = code_with_atomics(line, shown->where.column, code_access_of(p));
    if (changed) {
        if (out->length && !strstr(buffer_text(out), where.file))
            buffer_format(out, "  %s\n", where.file);
        else if (!out->length)
            buffer_format(out, "  %s\n", where.file);
        code_frame_add(out, '-', where.line, line);
        code_frame_add(out, '+', where.line, changed);
    }
    free(line);
    free(changed);
    return changed;
}

static bool same_line(const observation_party *a, const observation_party *b)
{
    return a->where.line == b->where.line && a->where.file && b->where.file &&
           !strcmp(a->where.file, b->where.file);
}

static bool same_place(const observation_party *a, const observation_party *b)
{
    return same_line(a, b) && a->where.column == b->where.column;
}

/* Every plain access of the pair, with Atomics: equal ranges then never race. */
static bool add_changes(const struct race_job *j, buffer *out)
{
    const struct race *r = j->race;
    bool all = true;
    buffer_add(out, "Use Atomics for this element wherever agents meet at it:\n");
    buffer frame = {0};
    const observation_party *update = r->older.update   ? &j->parties[0]
                                      : r->newer.update ? &j->parties[1]
                                                        : NULL;
    if (update && same_line(&j->parties[0], &j->parties[1])) { /* one statement reads and writes */
        all = has_atomics(&r->older) && has_atomics(&r->newer) &&
              add_change(j, updater(r), update, &frame);
        buffer_add(out, buffer_text(&frame));
        buffer_release(&frame);
        return all;
    }
    if (!r->older.atomic)
        all &= has_atomics(&r->older) && add_change(j, &r->older, &j->parties[0], &frame);
    if (!r->newer.atomic && (r->older.atomic || !same_place(&j->parties[0], &j->parties[1])))
        all &= has_atomics(&r->newer) && add_change(j, &r->newer, &j->parties[1], &frame);
    buffer_add(out, buffer_text(&frame));
    buffer_release(&frame);
    return all;
}

static void add_lines(const struct race_job *j, buffer *out)
{
    const char *shown = NULL;
    for (int i = 0; i < 2; i++) {
        source_position where = plan_locate(j->all->plan, j->parties[i].where.file,
                                            j->parties[i].where.line, j->parties[i].where.column);
        char *line = code_line(j->all->plan, j->parties[i].where); /* NULL: C, or a built-in that a host called */
        if (line && (!shown || strcmp(where.file, shown)))
            buffer_format(out, "  %s\n", where.file);
        if (line) {
            code_frame_add(out, '>', where.line, line);
            shown = where.file;
        }
        free(line);
    }
}

static const char *advice_of(const struct race_job *j)
{
    const struct race *r = j->race;
    switch (consequence_of(r)) {
    case PUBLICATION:
        if (!r->next.kind)
            break;
        return region_format(j->memory,
                             "Let %s wait for what %s hands on next (%s), with Atomics.load, "
                             "Atomics.wait or by receiving it, before it comes to "
                             "this line:",
                             r->newer.name, r->older.name, sync_name(j, &r->next));
    case TORN_VALUE:
        return "Let one agent at a time come here: a lock made of Atomics, or a message that hands "
               "the memory over; or reach the bytes through "
               "typed arrays of one element size, with Atomics:";
    case BROKEN_CLAIM:
        return "Order the two with a lock, a message, or Atomics.wait and notify; or drop the "
               "claim:";
    default:
        break;
    }
    return "Let one agent at a time come here: a lock made of Atomics, or a message that hands the "
           "memory over:";
}

/* The flag's own two accesses, with Atomics. */
static const char *remedy_of_flag(const struct race_job *j, const struct race *flag)
{
    observation_party parties[2] = {{.where = race_place(j, flag->older.site)},
                                    {.where = race_place(j, flag->newer.site)}};
    struct race_job of_flag = *j;
    buffer out = {0};
    of_flag.race = flag;
    of_flag.parties = parties;
    bool found = add_changes(&of_flag, &out);
    const char *text = NULL, *frame = strchr(buffer_text(&out), '\n');
    if (found && frame)
        text = region_format(
            j->memory,
            "Use Atomics for the flag; what was written before it is ordered then, too:%s", frame);
    buffer_release(&out);
    return text;
}

const char *race_remedy(const struct race_job *j)
{
    buffer out = {0};
    enum consequence c = consequence_of(j->race);
    const struct race *flag = c == PUBLICATION ? flag_of(j->race) : NULL;
    const char *by_flag = flag ? remedy_of_flag(j, flag) : NULL;
    if (by_flag)
        return by_flag;
    bool by_atomics = c != PUBLICATION && c != TORN_VALUE && c != BROKEN_CLAIM;
    if (!by_atomics || !add_changes(j, &out)) {
        buffer_clear(&out);
        buffer_format(&out, "%s\n", advice_of(j));
        add_lines(j, &out);
    }
    const char *text = region_text(j->memory, buffer_text(&out));
    buffer_release(&out);
    return text;
}

const char *race_rule(const struct race *r)
{
    switch (r->class) {
    case RACE_OBSERVED:
        return "ECMA-262 sec-data-races: two accesses of the same bytes, one of them a write, "
               "neither happens before the other, and not both "
               "are atomic with the same range";
    case RACE_UNORDERED:
        return "ECMA-262 sec-races: a read races with a write only if it reads from it. Here it "
               "did not; nothing keeps another execution from it";
    case RACE_UNDECIDED:
        return "ECMA-262 sec-races: a read races with a write only if it reads from it. A native "
               "run cannot tell which write this plain read saw; "
               "one agent at a time can";
    default:
        return "heddle.exclusive(view, index) asserts that no access of another agent is unordered "
               "with this moment";
    }
}

const char *race_headline(const struct race_job *j, const observation_race *race)
{
    const observation_party *a = &j->parties[0], *b = &j->parties[1];
    const char *times =
        race->count == 1 ? "" : region_format(j->memory, ", %" PRIu64 " times", race->count);
    return region_format(j->memory, "%s, %s: %s %s and %s %s %s%s", race->class, race->consequence,
                         a->agent, a->doing, b->agent, b->doing, element_text(j, b), times);
}

const char *race_advice(const struct race_job *j, const struct advice *v)
{
    const char *other = place_text(j, v->other_site),
               *by = v->other_agent ? v->other_agent : "another agent";
    const char *where = other ? region_format(j->memory, "%s at %s", by, other) : by;
    uint64_t block = v->block - j->all->blocks_before;
    switch (v->kind) {
    case ADVICE_PLAIN_SPIN:
        return region_format(j->memory,
                             "this loop reads byte %" PRIu64 " of block %" PRIu64
                             " plainly until %s changes it. Nothing promises that a plain read "
                             "ever sees the write (ECMA-262 promises that for Atomics only). Loop "
                             "on Atomics.load, or sleep in Atomics.wait.",
                             v->offset, block, where);
    case ADVICE_MIXED_USE:
        return region_format(
            j->memory,
            "the cell at byte %" PRIu64 " of block %" PRIu64
            " is written plainly and used with Atomics, the other one being %s. An atomic "
            "operation is atomic only towards others of its kind: keep to one.",
            v->offset, block, where);
    case ADVICE_MIXED_SIZE:
        return region_format(j->memory,
                             "Atomics of different sizes meet at byte %" PRIu64 " of block %" PRIu64
                             ", the other one being %s. They are atomic only "
                             "towards those of the same range: use one size.",
                             v->offset, block, where);
    default:
        return region_format(j->memory,
                             "Atomics.wait looks at byte %" PRIu64 " of block %" PRIu64
                             ", which is only ever written plainly (%s). Nothing orders that write "
                             "before the look, so a wake-up can be missed: change it with "
                             "Atomics.store, then notify.",
                             v->offset, block, where);
    }
}
