#include "litmus/generate.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { EDGES = 16, CELLS = 8 };

/* ---- shapes ---- */

static const struct shape {
    const char *name;
    const char *edges[8];
} shapes[] = {
    {"SB", {"PodWR", "Fre", "PodWR", "Fre"}},
    {"MP", {"PodWW", "Rfe", "PodRR", "Fre"}},
    {"LB", {"PodRW", "Rfe", "PodRW", "Rfe"}},
    {"S", {"PodWW", "Rfe", "PodRW", "Wse"}},
    {"R", {"PodWW", "Wse", "PodWR", "Fre"}},
    {"2+2W", {"PodWW", "Wse", "PodWW", "Wse"}},
    {"CoRR", {"Rfe", "PosRR", "Fre"}},
    {"WRC", {"Rfe", "PodRW", "Rfe", "PodRR", "Fre"}},
    {"RWC", {"Rfe", "PodRR", "Fre", "PodWR", "Fre"}},
    {"ISA2", {"PodWW", "Rfe", "PodRW", "Rfe", "PodRR", "Fre"}},
    {"IRIW", {"Rfe", "PodRR", "Fre", "Rfe", "PodRR", "Fre"}},
    {"WWC", {"Rfe", "PodRW", "Rfe", "PodRW", "Wse"}},
    {"3.SB", {"PodWR", "Fre", "PodWR", "Fre", "PodWR", "Fre"}},
    {"3.LB", {"PodRW", "Rfe", "PodRW", "Rfe", "PodRW", "Rfe"}},
    {"Z6", {"PodWW", "Wse", "PodWW", "Rfe", "PodRR", "Fre"}},
};

const char *litmus_shape_name(size_t n)
{
    return n < sizeof shapes / sizeof shapes[0] ? shapes[n].name : NULL;
}

const char *const *litmus_shape(const char *name)
{
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
        if (strcasecmp(shapes[i].name, name) == 0)
            return shapes[i].edges;
    return NULL;
}

/* ---- circles ---- */

struct edge {
    bool external; /* to another agent */
    bool other_cell;
    char from, to; /* R or W */
};

struct access {
    char kind; /* R or W */
    unsigned agent, cell, value;
};

struct circle {
    struct edge edges[EDGES];
    struct access accesses[EDGES]; /* access i is where edge i begins */
    size_t count, agents, cells;
    unsigned writes[CELLS];
    char *error;
    size_t error_size;
};

static status refuse(struct circle *c, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static status refuse(struct circle *c, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(c->error, c->error_size, format, arguments);
    va_end(arguments);
    return STATUS_INVALID;
}

static bool read_edge(const char *text, struct edge *e)
{
    static const struct {
        const char *name;
        struct edge edge;
    } known[] = {{"Rfe", {true, false, 'W', 'R'}},
                 {"Fre", {true, false, 'R', 'W'}},
                 {"Wse", {true, false, 'W', 'W'}},
                 {"Coe", {true, false, 'W', 'W'}}};
    for (size_t i = 0; i < 4; i++)
        if (strcmp(text, known[i].name) == 0) {
            *e = known[i].edge;
            return true;
        }
    bool pod = strncmp(text, "Pod", 3) == 0;
    if ((!pod && strncmp(text, "Pos", 3) != 0) || strlen(text) != 5 || strspn(text + 3, "RW") != 2)
        return false;
    *e = (struct edge){false, pod, text[3], text[4]};
    return true;
}

static status read_edges(struct circle *c, const char *const *edges, size_t count)
{
    if (count < 2 || count > EDGES)
        return refuse(c, "expected 2 to %d edges, found %zu", EDGES, count);
    c->count = count;
    for (size_t i = 0; i < count; i++)
        if (!read_edge(edges[i], &c->edges[i]))
            return refuse(
                c,
                "'%s' is no edge: expected Rfe, Fre, Wse, or Pod or Pos with two of R and "
                "W, such as PodWR",
                edges[i]);
    for (size_t i = 0; i < count; i++) {
        size_t next = (i + 1) % count;
        if (c->edges[i].to != c->edges[next].from)
            return refuse(c, "%s ends with a %s, but %s begins with a %s", edges[i],
                          c->edges[i].to == 'R' ? "read" : "write", edges[next],
                          c->edges[next].from == 'R' ? "read" : "write");
    }
    return STATUS_OK;
}

/* Begins behind an edge to another agent and, if it can, where the cell changes too, so that
 * neither an agent nor a cell is cut in two. */
static status rotate(struct circle *c)
{
    size_t outer = 0, cells = 0, start = c->count;
    for (size_t i = 0; i < c->count; i++) {
        outer += c->edges[i].external;
        cells += c->edges[i].other_cell;
        if (c->edges[(i + c->count - 1) % c->count].external && start == c->count)
            start = i;
    }
    if (outer < 2)
        return refuse(c, "a circle needs two agents: at least two of Rfe, Fre, Wse");
    if (cells == 1)
        return refuse(c, "one Pod edge alone cannot come back to its cell");
    struct edge turned[EDGES];
    for (size_t i = 0; i < c->count; i++)
        turned[i] = c->edges[(start + i) % c->count];
    memcpy(c->edges, turned, sizeof turned);
    c->cells = cells == 0 ? 1 : cells;
    return c->cells > CELLS ? refuse(c, "more than %d cells", CELLS) : STATUS_OK;
}

static void place_accesses(struct circle *c)
{
    unsigned agent = 0, cell = 0;
    for (size_t i = 0; i < c->count; i++) {
        c->accesses[i] = (struct access){c->edges[i].from, agent, cell, 0};
        agent += c->edges[i].external;
        cell = (cell + c->edges[i].other_cell) % (unsigned)c->cells;
    }
    c->agents = agent;
}

/* Along the accesses of one cell, in the circle's order: the writes are 1, 2, …, and a read sees
 * the last one before it. A cell that the start of the circle cuts is taken up where it begins. */
static void number_values(struct circle *c)
{
    size_t start = 0;
    for (size_t i = 0; i < c->count && c->cells > 1; i++)
        if (c->edges[i].other_cell)
            start = (i + 1) % c->count;
    if (c->cells == 1) /* begin behind a read that sees the initial value's successor: at a write */
        for (size_t i = 0; i < c->count; i++)
            if (c->edges[(i + c->count - 1) % c->count].from == 'R' &&
                c->edges[(i + c->count - 1) % c->count].external)
                start = i;
    for (size_t k = 0; k < c->count; k++) {
        struct access *a = &c->accesses[(start + k) % c->count];
        if (a->kind == 'W')
            c->writes[a->cell]++;
        a->value = c->writes[a->cell];
    }
    /* The read with which a circle on one cell closes comes before its first write. */
    if (c->cells == 1 && c->accesses[(start + c->count - 1) % c->count].kind == 'R')
        c->accesses[(start + c->count - 1) % c->count].value = 0;
}

static const char *cell_name(unsigned cell)
{
    static const char *const names[] = {"x", "y", "z", "u", "v", "w", "p", "q"};
    return names[cell % CELLS];
}

static void write_access(const struct access *a, unsigned reg, bool atomic, buffer *out)
{
    const char *cell = cell_name(a->cell);
    if (a->kind == 'W')
        buffer_format(out, atomic ? "    Atomics.store(%s, 0, %u);\n" : "    %s[0] = %u;\n", cell,
                      a->value);
    else
        buffer_format(
            out, atomic ? "    const r%u = Atomics.load(%s, 0);\n" : "    const r%u = %s[0];\n",
            reg, cell);
}

static void write_cells(unsigned cells, buffer *out)
{
    buffer_add(out, "shared: |\n");
    for (unsigned i = 0; i < cells; i++)
        buffer_format(out, "  const %s = new Int32Array(new SharedArrayBuffer(4));\n",
                      cell_name(i));
}

static void write_condition(const struct circle *c, bool atomic, buffer *out)
{
    const char *separator = "";
    unsigned reg = 0;
    buffer_add(out, atomic ? "forbidden: " : "exists: ");
    for (size_t i = 0; i < c->count; i++)
        if (c->accesses[i].kind == 'R') {
            buffer_format(out, "%sr%u === %u", separator, reg++, c->accesses[i].value);
            separator = " && ";
        }
    for (unsigned cell = 0; cell < c->cells; cell++)
        if (c->writes[cell] > 1) {
            buffer_format(out, "%s%s[0] === %u", separator, cell_name(cell), c->writes[cell]);
            separator = " && ";
        }
    buffer_add(out, "\n");
}

status litmus_generate(const char *const *edges, size_t count, const char *name, bool atomic,
                       buffer *out, char *error, size_t error_size)
{
    struct circle c = {.error = error, .error_size = error_size};
    status s = read_edges(&c, edges, count);
    if (s == STATUS_OK)
        s = rotate(&c);
    if (s != STATUS_OK)
        return s;
    place_accesses(&c);
    number_values(&c);
    buffer_format(out, "litmus: %s\ntitle:", name);
    for (size_t i = 0; i < count; i++)
        buffer_format(out, " %s", edges[i]);
    buffer_add(out, "\n");
    write_cells((unsigned)c.cells, out);
    buffer_add(out, "agents:\n");
    unsigned reg = 0;
    for (size_t i = 0; i < c.count; i++) {
        if (i == 0 || c.accesses[i].agent != c.accesses[i - 1].agent)
            buffer_format(out, "  a%u: |\n", c.accesses[i].agent);
        write_access(&c.accesses[i], reg, atomic, out);
        reg += c.accesses[i].kind == 'R';
    }
    write_condition(&c, atomic, out);
    return STATUS_OK;
}

/* ---- all programs up to a bound ---- */

/* An agent is a number: its accesses as digits, each 1 + cell, kind and order; fewer digits, fewer
 * accesses. Agents come in falling order, and cells are met in the order x, y, …: that leaves one
 * of the programs that differ in names only. */
struct all {
    const litmus_bound *bound;
    bool (*visit)(void *context, const buffer *text);
    void *context;
    unsigned agents[8];
    unsigned codes; /* of one access, from 1 */
    buffer text;
    bool go_on;
};

static bool cells_in_order(const struct all *all)
{
    unsigned met = 0;
    for (unsigned a = 0; a < all->bound->agents; a++)
        for (unsigned rest = all->agents[a]; rest > 0; rest /= all->codes + 1) {
            unsigned cell = (rest % (all->codes + 1) - 1) / 4;
            if (cell > met)
                return false;
            met += cell == met;
        }
    return true;
}

static void write_program(struct all *all)
{
    buffer *out = &all->text;
    unsigned value = 0, reg = 0;
    buffer_clear(out);
    buffer_add(out, "litmus: all\n");
    write_cells(all->bound->cells, out);
    buffer_add(out, "agents:\n");
    for (unsigned a = 0; a < all->bound->agents; a++) {
        buffer_format(out, "  a%u: |\n", a);
        for (unsigned rest = all->agents[a]; rest > 0; rest /= all->codes + 1) {
            unsigned code = rest % (all->codes + 1) - 1;
            struct access access = {code & 1 ? 'R' : 'W', a, code / 4, 0};
            access.value = access.kind == 'W' ? ++value : 0;
            write_access(&access, reg, code & 2, out);
            reg += access.kind == 'R';
        }
    }
    if (reg == 0)
        buffer_clear(out); /* nobody looks */
}

static bool digits_fit(const struct all *all, unsigned number)
{
    for (; number > 0; number /= all->codes + 1)
        if (number % (all->codes + 1) == 0)
            return false;
    return true;
}

static void choose_agent(struct all *all, unsigned agent, unsigned most)
{
    if (agent == all->bound->agents) {
        if (!cells_in_order(all))
            return;
        write_program(all);
        if (all->text.length > 0)
            all->go_on = all->visit(all->context, &all->text);
        return;
    }
    for (unsigned n = 1; n <= most && all->go_on; n++) {
        if (!digits_fit(all, n))
            continue;
        all->agents[agent] = n;
        choose_agent(all, agent + 1, n);
    }
}

void litmus_generate_all(const litmus_bound *bound,
                         bool (*visit)(void *context, const buffer *text), void *context)
{
    struct all all = {.bound = bound,
                      .visit = visit,
                      .context = context,
                      .codes = 4 * bound->cells,
                      .go_on = true};
    unsigned most = 1;
    for (unsigned i = 0; i < bound->accesses; i++)
        most *= all.codes + 1;
    choose_agent(&all, 0, most - 1);
    buffer_release(&all.text);
}
