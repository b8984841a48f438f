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
    KIND_STORE, /* plain, any size and value */
    KIND_STORE_ATOMIC,
    KIND_LOAD_INT32, /* plain; the most frequent element */
    KIND_LOAD_ATOMIC_INT32,
    /* the two that most tests are made of, where the place is fixed and aligned */
    KIND_STORE_DIRECT_4,
    KIND_LOAD_DIRECT_COLUMN,
    KIND_LOAD_COLUMN, /* an Int32 straight to where outcomes are kept */
    KIND_LOAD_ATOMIC_COLUMN,
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
                      .destination =
                          s->code == CODE_COUNT_TURN ? (uint16_t)(position + 1) : s->destination,
                      .constant = s->constant,
                      .block = s->place.block,
                      .offset = s->place.offset};
}

static bool has_jumps(const litmus_agent *a)
{
    for (size_t i = 0; i < a->step_count; i++)
        if (a->steps[i].code >= CODE_JUMP && a->steps[i].code <= CODE_COUNT_TURN)
            return true;
    return false;
}

static bool uses(const litmus_step *s, unsigned reg)
{
    return s->left == reg || s->right == reg || s->place.index == reg;
}

/* May a step behind `position` use the register's value of now? Registers are shared by values that
 * do not live at the same time. Where the agent jumps, the answer is yes. */
static bool is_used_later(const litmus_agent *a, size_t position, unsigned reg)
{
    if (has_jumps(a))
        return true;
    for (size_t i = position + 1; i < a->step_count; i++) {
        if (uses(&a->steps[i], reg))
            return true;
        if (a->steps[i].target == reg)
            return false;
    }
    return a->registers[reg].shown;
}

/* A constant that goes to memory at once needs no register: the store takes it along. */
static bool fuse_constant(const litmus_agent *a, size_t position, stress_op *op)
{
    const litmus_step *s = &a->steps[position], *constant = s - 1;
    if (position == 0 || s->code != CODE_WRITE || constant->code != CODE_CONSTANT ||
        constant->target != s->left || is_used_later(a, position, s->left))
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

/* The step that gives the register its last value, if it is a read of an Int32 that nobody uses. */
static const litmus_step *lone_read(const litmus_agent *a, unsigned reg)
{
    for (size_t i = a->step_count; i > 0; i--) {
        const litmus_step *s = &a->steps[i - 1];
        if (uses(s, reg) || (s->code >= CODE_JUMP && s->code <= CODE_COUNT_TURN))
            return NULL;
        if (s->target == reg)
            return s->code == CODE_READ && s->element == LITMUS_INT32 && !s->big_endian ? s : NULL;
    }
    return NULL;
}

/* A raw column keeps what the outcomes are made of short: other threads read it. Raw ones first. */
static void make_columns(const litmus_agent *a, size_t batch, bool raw, region *memory,
                         stress_code *code)
{
    for (size_t r = 0; r < a->register_count; r++) {
        const litmus_step *read = has_jumps(a) ? NULL : lone_read(a, (unsigned)r);
        if (!a->registers[r].shown || raw != (read != NULL))
            continue;
        stress_column *column = &code->columns[code->column_count++];
        column->reg = (uint8_t)r;
        if (!raw) {
            column->values = region_allocate(memory, batch * sizeof *column->values);
            continue;
        }
        code->raw_count++;
        column->raw = region_allocate(memory, batch * sizeof *column->raw);
        size_t last = code->count; /* of those with that target: the read */
        while (code->ops[--last].target != r)
            ;
        code->ops[last].kind = read->atomic ? KIND_LOAD_ATOMIC_COLUMN : KIND_LOAD_COLUMN;
        code->ops[last].column = column->raw;
    }
}

bool stress_code_make(const litmus_program *p, size_t agent, size_t batch, region *memory,
                      stress_code *code)
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
    make_columns(a, batch, true, memory, code);
    make_columns(a, batch, false, memory, code);
    return true;
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

/* A DataView may stand anywhere. What is not aligned is one access of the machine too, which may tear
 * as it likes: these races are the program's, not ours. */
typedef uint16_t loose16 __attribute__((aligned(1), may_alias));
typedef uint32_t loose32 __attribute__((aligned(1), may_alias));
typedef uint64_t loose64 __attribute__((aligned(1), may_alias));
#define RACY __attribute__((no_sanitize("thread"), noinline))

RACY static uint64_t load_loose(const uint8_t *at, unsigned size)
{
    return size == 2   ? *(const volatile loose16 *)at
           : size == 4 ? *(const volatile loose32 *)at
                       : *(const volatile loose64 *)at;
}

RACY static void store_loose(uint8_t *at, unsigned size, uint64_t raw)
{
    if (size == 2)
        *(volatile loose16 *)at = (uint16_t)raw;
    else if (size == 4)
        *(volatile loose32 *)at = (uint32_t)raw;
    else
        *(volatile loose64 *)at = raw;
}

static uint64_t load_anywhere(const uint8_t *at, unsigned size)
{
    return (uintptr_t)at % size == 0 ? load(at, size, false) : load_loose(at, size);
}

static void store_anywhere(uint8_t *at, unsigned size, uint64_t raw)
{
    if ((uintptr_t)at % size != 0)
        store_loose(at, size, raw);
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
                              size_t end)
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
        [KIND_STORE_DIRECT_4] = &&store_direct_4,
        [KIND_LOAD_DIRECT_COLUMN] = &&load_direct_column,
        [KIND_LOAD_COLUMN] = &&load_column,
        [KIND_LOAD_ATOMIC_COLUMN] = &&load_atomic_column,
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
    if (first >= end)
        return labels;
    place = layout->place[i];
    goto * op->label;

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
    goto * op->label;
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
store_direct_4:
    __atomic_store_n((uint32_t *)(void *)AT, (uint32_t)op->raw, __ATOMIC_RELAXED);
    NEXT;
load_direct_column:
    op->column[i] = __atomic_load_n((const uint32_t *)(void *)AT, __ATOMIC_RELAXED);
    NEXT;
store_constant_2:
store_constant_4:
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
    r[op->target] = litmus_number(__atomic_load_n((const int32_t *)(void *)at, __ATOMIC_SEQ_CST));
    NEXT;
load_column:
    at = op->index == LITMUS_NO_REGISTER ? AT : AT + (size_t)r[op->index].number * op->scale;
    op->column[i] = ((uintptr_t)at & 3) == 0
                        ? __atomic_load_n((const uint32_t *)(void *)at, __ATOMIC_RELAXED)
                        : (uint32_t)load_anywhere(at, 4);
    NEXT;
load_atomic_column:
    at = op->index == LITMUS_NO_REGISTER ? AT : AT + (size_t)r[op->index].number * op->scale;
    op->column[i] = __atomic_load_n((const uint32_t *)(void *)at, __ATOMIC_SEQ_CST);
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
    for (size_t k = code->raw_count; k < code->column_count; k++) { /* raw ones are filled */
        const stress_column *column = &code->columns[k];
        column->values[i] = r[column->reg];
        if (code->branches)
            r[column->reg] = (litmus_value){.kind = LITMUS_UNDEFINED};
    }
    if (++i == end)
        return labels;
    place = layout->place[i];
    op = code->ops;
    goto * op->label;
}

/* ---- kernels ----
 *
 * The fewer instructions one instance takes, the more of them a core has in flight while a store
 * waits for its cache line, and the more often the loads behind it overtake it. The smallest agents
 * are the ones that show most. */

#define KERNEL_STORE(op)                                                                           \
    __atomic_store_n((uint32_t *)(void *)((op).base + i * (op).stride), (uint32_t)(op).raw,        \
                     __ATOMIC_RELAXED)
#define KERNEL_LOAD(op)                                                                            \
    (op).column[i] =                                                                               \
        __atomic_load_n((const uint32_t *)(void *)((op).base + i * (op).stride), __ATOMIC_RELAXED)
#define KERNEL(name, first_access, second_access)                                                  \
    static void name(const stress_op *ops, size_t first, size_t end)                               \
    {                                                                                              \
        const stress_op a = ops[0], b = ops[1];                                                    \
        (void)b;                                                                                   \
        for (size_t i = first; i < end; i++) {                                                     \
            first_access;                                                                          \
            second_access;                                                                         \
        }                                                                                          \
    }
KERNEL(kernel_store, KERNEL_STORE(a), (void)0)
KERNEL(kernel_load, KERNEL_LOAD(a), (void)0)
KERNEL(kernel_store_store, KERNEL_STORE(a), KERNEL_STORE(b))
KERNEL(kernel_store_load, KERNEL_STORE(a), KERNEL_LOAD(b))
KERNEL(kernel_load_store, KERNEL_LOAD(a), KERNEL_STORE(b))
KERNEL(kernel_load_load, KERNEL_LOAD(a), KERNEL_LOAD(b))
#undef KERNEL
#undef KERNEL_LOAD
#undef KERNEL_STORE

static void choose_kernel(stress_code *code)
{
    const stress_op *ops = code->ops;
    bool stores[2] = {false, false};
    code->kernel = NULL;
    if (code->count < 2 || code->count > 3 || code->raw_count < code->column_count)
        return;
    for (size_t i = 0; i + 1 < code->count; i++) {
        stores[i] = ops[i].kind == KIND_STORE_DIRECT_4;
        if (!stores[i] && ops[i].kind != KIND_LOAD_DIRECT_COLUMN)
            return;
    }
    if (code->count == 2)
        code->kernel = stores[0] ? kernel_store : kernel_load;
    else if (stores[0])
        code->kernel = stores[1] ? kernel_store_store : kernel_store_load;
    else
        code->kernel = stores[1] ? kernel_load_store : kernel_load_load;
}

void stress_code_place(stress_code *code, const stress_layout *layout)
{
    for (size_t i = 0; i < code->count; i++) {
        stress_op *op = &code->ops[i];
        op->base = layout->base[op->block] + op->offset;
        op->stride = layout->stride[op->block];
        if (op->index != LITMUS_NO_REGISTER || ((uintptr_t)op->base | op->stride) % 4 != 0)
            continue;
        if (op->kind == KIND_STORE_CONSTANT_4)
            op->kind = KIND_STORE_DIRECT_4;
        else if (op->kind == KIND_LOAD_COLUMN)
            op->kind = KIND_LOAD_DIRECT_COLUMN;
    }
    code->labelled = false;
    choose_kernel(code);
}

void stress_code_run(stress_code *code, const stress_layout *layout, size_t first, size_t end)
{
    if (code->kernel != NULL && layout->in_order) {
        code->kernel(code->ops, first, end);
        return;
    }
    if (!code->labelled) { /* by this thread alone: it owns the code */
        const void *const *labels = run(NULL, NULL, 0, 0);
        for (size_t i = 0; i < code->count; i++)
            code->ops[i].label = labels[code->ops[i].kind];
        code->labelled = true;
    }
    run(code, layout, first, end);
}
