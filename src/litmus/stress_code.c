#include "litmus/stress_code.h"

#include <string.h>

enum stress_kind {
    KIND_CONSTANT,
    KIND_MOVE,
    KIND_OPERATE,
    KIND_JUMP,
    KIND_JUMP_IF_FALSE,
    KIND_JUMP_IF_TRUE,
    KIND_STORE_CONSTANT_1, /* plain, by size */
    KIND_STORE_CONSTANT_2,
    KIND_STORE_CONSTANT_4,
    KIND_STORE_CONSTANT_8,
    KIND_STORE_ATOMIC_CONSTANT_4,
    KIND_STORE,        /* plain, any size and value */
    KIND_STORE_ATOMIC,
    KIND_LOAD_INT32,   /* plain; the most frequent element */
    KIND_LOAD_ATOMIC_INT32,
    KIND_LOAD,
    KIND_LOAD_ATOMIC,
    KIND_MODIFY,
    KIND_EXCHANGE,
    KIND_COMPARE_EXCHANGE,
    KIND_END,
    KIND_COUNT
};

/* In a test build the store of an atomic lacks its fence: the runner has to notice. */
#ifdef LITMUS_BROKEN_STORE
#define STORE_ORDER __ATOMIC_RELEASE
#else
#define STORE_ORDER __ATOMIC_SEQ_CST
#endif

/* ---- making ---- */

static enum stress_kind kind_of_read(const litmus_step *s)
{
    bool simple = s->element == LITMUS_INT32 && !s->big_endian;
    if (s->atomic)
        return simple ? KIND_LOAD_ATOMIC_INT32 : KIND_LOAD_ATOMIC;
    return simple ? KIND_LOAD_INT32 : KIND_LOAD;
}

/* -1: only the engine can run it. */
static int kind_of(const litmus_step *s)
{
    switch (s->code) {
    case CODE_CONSTANT:
        return KIND_CONSTANT;
    case CODE_MOVE:
        return KIND_MOVE;
    case CODE_OPERATE:
        return KIND_OPERATE;
    case CODE_JUMP:
    case CODE_COUNT_TURN: /* a jump to the next step */
        return KIND_JUMP;
    case CODE_JUMP_IF_FALSE:
        return KIND_JUMP_IF_FALSE;
    case CODE_JUMP_IF_TRUE:
        return KIND_JUMP_IF_TRUE;
    case CODE_READ:
        return kind_of_read(s);
    case CODE_WRITE:
        return s->atomic ? KIND_STORE_ATOMIC : KIND_STORE;
    case CODE_MODIFY:
        return KIND_MODIFY;
    case CODE_EXCHANGE:
        return KIND_EXCHANGE;
    case CODE_COMPARE_EXCHANGE:
        return KIND_COMPARE_EXCHANGE;
    case CODE_END:
        return KIND_END;
    default:
        return -1;
    }
}

static void fill(stress_op *op, const litmus_step *s, size_t position, int kind)
{
    *op = (stress_op){.kind = (uint8_t)kind,
                      .element = s->element,
                      .size = litmus_elements[s->element].size,
                      .operation = s->operation,
                      .target = s->target,
                      .left = s->left,
                      .right = s->right,
                      .index = s->place.index,
                      .scale = s->place.scale,
                      .big_endian = s->big_endian,
                      .destination = s->code == CODE_COUNT_TURN ? (uint16_t)(position + 1)
                                                                : s->destination,
                      .constant = s->constant,
                      .block = s->place.block,
                      .offset = s->place.offset};
}

/* A constant that goes to memory at once needs no register: the store takes it along, and the step
 * before it becomes a jump that nobody takes when the store comes first. */
static bool fuse_constant(const litmus_agent *a, size_t position, stress_op *op)
{
    const litmus_step *s = &a->steps[position], *constant = s - 1;
    if (position == 0 || s->code != CODE_WRITE || constant->code != CODE_CONSTANT ||
        constant->target != s->left || a->registers[s->left].name != NULL)
        return false;
    const litmus_step *next = s + 1;
    if (next->left == s->left || next->right == s->left || next->place.index == s->left)
        return false;
    uint64_t raw;
    if (!litmus_encode((litmus_element)s->element, constant->constant, &raw))
        return false;
    op->raw = s->big_endian ? litmus_swap(raw, op->size) : raw;
    if (s->atomic && op->size == 4)
        op->kind = KIND_STORE_ATOMIC_CONSTANT_4;
    else if (!s->atomic)
        op->kind = op->size == 1   ? KIND_STORE_CONSTANT_1
                   : op->size == 2 ? KIND_STORE_CONSTANT_2
                   : op->size == 4 ? KIND_STORE_CONSTANT_4
                                   : KIND_STORE_CONSTANT_8;
    else
        return false;
    return true;
}

static bool is_target(const litmus_agent *a, size_t position)
{
    for (size_t i = 0; i < a->step_count; i++)
        if (a->steps[i].code >= CODE_JUMP && a->steps[i].code <= CODE_JUMP_IF_TRUE &&
            a->steps[i].destination == position)
            return true;
    return false;
}

bool stress_code_make(const litmus_program *p, size_t agent, region *memory, stress_code *code)
{
    const litmus_agent *a = &p->agents[agent];
    uint16_t moved[LITMUS_STEPS + 1];
    *code = (stress_code){.ops = region_allocate(memory, (a->step_count + 1) * sizeof *code->ops)};
    for (size_t i = 0; i < a->step_count; i++) {
        int kind = kind_of(&a->steps[i]);
        if (kind < 0)
            return false;
        moved[i] = (uint16_t)code->count;
        stress_op *op = &code->ops[code->count++];
        fill(op, &a->steps[i], i, kind);
        code->branches |= kind >= KIND_JUMP && kind <= KIND_JUMP_IF_TRUE;
        if (!is_target(a, i) && fuse_constant(a, i, op)) { /* takes the constant's place */
            code->ops[code->count - 2] = *op;
            moved[i] = (uint16_t)--code->count - 1;
        }
    }
    for (size_t i = 0; i < code->count; i++)
        if (code->ops[i].kind >= KIND_JUMP && code->ops[i].kind <= KIND_JUMP_IF_TRUE)
            code->ops[i].destination = moved[code->ops[i].destination];
    for (size_t r = 0; r < a->register_count; r++)
        if (a->registers[r].shown)
            code->shown[code->shown_count++] = (uint8_t)r;
    return true;
}

void stress_code_place(stress_code *code, const stress_layout *layout)
{
    for (size_t i = 0; i < code->count; i++) {
        stress_op *op = &code->ops[i];
        op->base = layout->base[op->block] + op->offset;
        op->stride = layout->stride[op->block];
    }
}

/* ---- running ---- */

static uint64_t load(const uint8_t *at, unsigned size, bool atomic)
{
    int plain = !atomic;
    switch (size) {
    case 1:
        return __atomic_load_n(at, __ATOMIC_SEQ_CST); /* on x86 the same mov in every order */
    case 2:
        return plain ? __atomic_load_n((const uint16_t *)(const void *)at, __ATOMIC_RELAXED)
                     : __atomic_load_n((const uint16_t *)(const void *)at, __ATOMIC_SEQ_CST);
    case 4:
        return plain ? __atomic_load_n((const uint32_t *)(const void *)at, __ATOMIC_RELAXED)
                     : __atomic_load_n((const uint32_t *)(const void *)at, __ATOMIC_SEQ_CST);
    default:
        return plain ? __atomic_load_n((const uint64_t *)(const void *)at, __ATOMIC_RELAXED)
                     : __atomic_load_n((const uint64_t *)(const void *)at, __ATOMIC_SEQ_CST);
    }
}

/* A DataView may stand anywhere: what is not aligned goes byte by byte or as the machine likes. */
static uint64_t load_anywhere(const uint8_t *at, unsigned size)
{
    uint64_t raw = 0;
    if ((uintptr_t)at % size == 0)
        return load(at, size, false);
    memcpy(&raw, at, size);
    return raw;
}

static void store_anywhere(uint8_t *at, unsigned size, uint64_t raw)
{
    bool aligned = (uintptr_t)at % size == 0;
    if (!aligned)
        memcpy(at, &raw, size);
    else if (size == 1)
        __atomic_store_n(at, (uint8_t)raw, __ATOMIC_RELAXED);
    else if (size == 2)
        __atomic_store_n((uint16_t *)(void *)at, (uint16_t)raw, __ATOMIC_RELAXED);
    else if (size == 4)
        __atomic_store_n((uint32_t *)(void *)at, (uint32_t)raw, __ATOMIC_RELAXED);
    else
        __atomic_store_n((uint64_t *)(void *)at, raw, __ATOMIC_RELAXED);
}

static void store_atomic(uint8_t *at, unsigned size, uint64_t raw)
{
    if (size == 1)
        __atomic_store_n(at, (uint8_t)raw, STORE_ORDER);
    else if (size == 2)
        __atomic_store_n((uint16_t *)(void *)at, (uint16_t)raw, STORE_ORDER);
    else if (size == 4)
        __atomic_store_n((uint32_t *)(void *)at, (uint32_t)raw, STORE_ORDER);
    else
        __atomic_store_n((uint64_t *)(void *)at, raw, STORE_ORDER);
}

static bool replace(uint8_t *at, unsigned size, uint64_t *old, uint64_t new)
{
#define REPLACE(type)                                                                              \
    {                                                                                              \
        type seen = (type)*old;                                                                    \
        bool done = __atomic_compare_exchange_n((type *)(void *)at, &seen, (type) new, false,      \
                                                __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);               \
        *old = seen;                                                                               \
        return done;                                                                               \
    }
    switch (size) {
    case 1:
        REPLACE(uint8_t)
    case 2:
        REPLACE(uint16_t)
    case 4:
        REPLACE(uint32_t)
    default:
        REPLACE(uint64_t)
    }
#undef REPLACE
}

static uint64_t encode(const stress_op *op, litmus_value value)
{
    uint64_t raw = 0;
    (void)litmus_encode((litmus_element)op->element, value, &raw); /* checked: it can */
    return op->big_endian ? litmus_swap(raw, op->size) : raw;
}

static litmus_value decode(const stress_op *op, uint64_t raw)
{
    return litmus_decode((litmus_element)op->element,
                         op->big_endian ? litmus_swap(raw, op->size) : raw);
}

/* Every read-modify-write as one locked replacement that is tried until it works; seq-cst in all
 * orders. */
static void modify(const stress_op *op, uint8_t *at, litmus_value *r)
{
    uint64_t old = load(at, op->size, true);
    litmus_value before, after;
    do {
        before = after = decode(op, old);
        if (op->kind == KIND_EXCHANGE)
            after = r[op->left];
        else
            (void)litmus_operate(op->operation, before, r[op->left], &after);
    } while (!replace(at, op->size, &old, encode(op, after)));
    r[op->target] = before;
}

static void compare_exchange(const stress_op *op, uint8_t *at, litmus_value *r)
{
    uint64_t old = encode(op, r[op->left]);
    replace(at, op->size, &old, encode(op, r[op->right]));
    r[op->target] = decode(op, old);
}

#define NEXT goto *(++op)->label
#define AT (op->base + place * op->stride)

/* With `code` NULL it only tells the labels. */
static const void *const *run(const stress_code *code, const stress_layout *layout, size_t first,
                              size_t end, litmus_value *rows)
{
    static const void *const labels[KIND_COUNT] = {
        [KIND_CONSTANT] = &&constant,
        [KIND_MOVE] = &&move,
        [KIND_OPERATE] = &&operate,
        [KIND_JUMP] = &&jump,
        [KIND_JUMP_IF_FALSE] = &&jump_if_false,
        [KIND_JUMP_IF_TRUE] = &&jump_if_true,
        [KIND_STORE_CONSTANT_1] = &&store_constant_1,
        [KIND_STORE_CONSTANT_2] = &&store_constant_2,
        [KIND_STORE_CONSTANT_4] = &&store_constant_4,
        [KIND_STORE_CONSTANT_8] = &&store_constant_8,
        [KIND_STORE_ATOMIC_CONSTANT_4] = &&store_atomic_constant_4,
        [KIND_STORE] = &&store,
        [KIND_STORE_ATOMIC] = &&store_atomically,
        [KIND_LOAD_INT32] = &&load_int32,
        [KIND_LOAD_ATOMIC_INT32] = &&load_atomic_int32,
        [KIND_LOAD] = &&load_plain,
        [KIND_LOAD_ATOMIC] = &&load_atomically,
        [KIND_MODIFY] = &&modify_cell,
        [KIND_EXCHANGE] = &&modify_cell,
        [KIND_COMPARE_EXCHANGE] = &&compare_exchange_cell,
        [KIND_END] = &&finish,
    };
    if (code == NULL)
        return labels;
    litmus_value r[LITMUS_REGISTERS];
    memset(r, 0, sizeof r);
    const stress_op *op = code->ops;
    size_t i = first, place;
    uint8_t *at;
    litmus_value *row = rows + first * code->shown_count;
    if (first >= end)
        return labels;
    place = layout->place[i];
    goto *op->label;

constant:
    r[op->target] = op->constant;
    NEXT;
move:
    r[op->target] = r[op->left];
    NEXT;
operate:
    (void)litmus_operate(op->operation, r[op->left], r[op->right], &r[op->target]);
    NEXT;
jump:
    op = code->ops + op->destination;
    goto *op->label;
jump_if_false:
    if (litmus_truth(r[op->left]))
        NEXT;
    goto jump;
jump_if_true:
    if (!litmus_truth(r[op->left]))
        NEXT;
    goto jump;
store_constant_1:
    at = op->index == LITMUS_NO_REGISTER ? AT : AT + (size_t)r[op->index].number * op->scale;
    __atomic_store_n(at, (uint8_t)op->raw, __ATOMIC_RELAXED);
    NEXT;
store_constant_4:
    if (op->index == LITMUS_NO_REGISTER && ((uintptr_t)op->base & 3) == 0) {
        __atomic_store_n((uint32_t *)(void *)AT, (uint32_t)op->raw, __ATOMIC_RELAXED);
        NEXT;
    }
store_constant_2:
store_constant_8:
    at = op->index == LITMUS_NO_REGISTER ? AT : AT + (size_t)r[op->index].number * op->scale;
    store_anywhere(at, op->size, op->raw);
    NEXT;
store_atomic_constant_4:
    at = op->index == LITMUS_NO_REGISTER ? AT : AT + (size_t)r[op->index].number * op->scale;
    __atomic_store_n((uint32_t *)(void *)at, (uint32_t)op->raw, STORE_ORDER);
    NEXT;
store:
    at = op->index == LITMUS_NO_REGISTER ? AT : AT + (size_t)r[op->index].number * op->scale;
    store_anywhere(at, op->size, encode(op, r[op->left]));
    NEXT;
store_atomically:
    at = op->index == LITMUS_NO_REGISTER ? AT : AT + (size_t)r[op->index].number * op->scale;
    store_atomic(at, op->size, encode(op, r[op->left]));
    NEXT;
load_int32:
    at = op->index == LITMUS_NO_REGISTER ? AT : AT + (size_t)r[op->index].number * op->scale;
    r[op->target] = litmus_number(
        ((uintptr_t)at & 3) == 0 ? __atomic_load_n((const int32_t *)(void *)at, __ATOMIC_RELAXED)
                                 : (int32_t)load_anywhere(at, 4));
    NEXT;
load_atomic_int32:
    at = op->index == LITMUS_NO_REGISTER ? AT : AT + (size_t)r[op->index].number * op->scale;
    r[op->target] =
        litmus_number(__atomic_load_n((const int32_t *)(void *)at, __ATOMIC_SEQ_CST));
    NEXT;
load_plain:
    at = op->index == LITMUS_NO_REGISTER ? AT : AT + (size_t)r[op->index].number * op->scale;
    r[op->target] = decode(op, load_anywhere(at, op->size));
    NEXT;
load_atomically:
    at = op->index == LITMUS_NO_REGISTER ? AT : AT + (size_t)r[op->index].number * op->scale;
    r[op->target] = decode(op, load(at, op->size, true));
    NEXT;
modify_cell:
    at = op->index == LITMUS_NO_REGISTER ? AT : AT + (size_t)r[op->index].number * op->scale;
    modify(op, at, r);
    NEXT;
compare_exchange_cell:
    at = op->index == LITMUS_NO_REGISTER ? AT : AT + (size_t)r[op->index].number * op->scale;
    compare_exchange(op, at, r);
    NEXT;
finish:
    for (size_t k = 0; k < code->shown_count; k++) {
        row[k] = r[code->shown[k]];
        if (code->branches)
            r[code->shown[k]] = (litmus_value){.kind = LITMUS_UNDEFINED};
    }
    row += code->shown_count;
    if (++i == end)
        return labels;
    place = layout->place[i];
    op = code->ops;
    goto *op->label;
}

void stress_code_run(const stress_code *code, const stress_layout *layout, size_t first, size_t end,
                     litmus_value *rows)
{
    if (code->count > 0 && code->ops[0].label == NULL) { /* by this thread alone: it owns the code */
        const void *const *labels = run(NULL, NULL, 0, 0, NULL);
        for (size_t i = 0; i < code->count; i++)
            code->ops[i].label = labels[code->ops[i].kind];
    }
    run(code, layout, first, end, rows);
}
