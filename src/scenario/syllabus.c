#include "scenario/syllabus.h"

#include "base/assert.h"
#include "scenario/format.h"

#include <string.h>

#define WAITS_SCENARIO "First light"
#define WAITS_WEB "The whole web of agents"
#define WAITS_RACES "Data races"
#define WAITS_NODE "Node's side"
#define WAITS_EXPLORED "explored sets"
#define WAITS_TRACES "traces, inspections and drawings"
#define WAITS_TEXT "nothing: course text without a run"

static const syllabus_entry entries[] = {
#define SYLLABUS(number, section, seeds, mark, waits, concept)                                     \
    {number, #section[0], seeds, PLAN_MARK_##mark, WAITS_##waits, concept},
#include "scenario/syllabus.def"
#undef SYLLABUS
};
_Static_assert(sizeof entries / sizeof entries[0] == SYLLABUS_LAST,
               "the loader accepts the numbers of all entries");

static const char *const section_titles[] = {
    "The frame: language, engine, host",
    "An agent and its three structures",
    "Kinds of agent",
    "Realms",
    "Stack, contexts, generators, tail calls, closures",
    "Jobs, event loop, run to completion, never blocking",
    "Agent clusters",
    "Messages, shared memory, Atomics",
    "Blocking, progress, pause, termination",
    "Features that the seeds ask for or promise",
};

typedef struct mention {
    struct mention *next;
    const char *path;
    bool shown; /* an expectation shows it, it is not only claimed */
} mention;

struct syllabus_catalogue {
    region *memory;
    mention *mentions[SYLLABUS_LAST + 1]; /* by number, in the order of the calls */
};

const syllabus_entry *syllabus_find(uint32_t number)
{
    return number >= 1 && number <= SYLLABUS_LAST ? &entries[number - 1] : NULL;
}

const char *syllabus_section_title(char section)
{
    hd_assert(section >= 'A' && section <= 'J');
    return section_titles[section - 'A'];
}

static bool contains(number_list list, uint32_t number)
{
    for (size_t i = 0; i < list.count; i++)
        if (list.items[i] == number)
            return true;
    return false;
}

static bool lines_show(const expect_line *lines, size_t count, uint32_t number)
{
    for (size_t i = 0; i < count; i++)
        if (contains(lines[i].shows, number))
            return true;
    return false;
}

static bool sequences_show(const expect_sequence *sequences, size_t count, uint32_t number)
{
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < sequences[i].count; k++)
            if (lines_show(sequences[i].steps[k].lines, sequences[i].steps[k].count, number))
                return true;
    return false;
}

bool syllabus_is_shown(const plan *p, uint32_t number)
{
    const plan_expect *e = &p->expect;
    if (sequences_show(&e->log, 1, number) || sequences_show(e->order, e->order_count, number) ||
        sequences_show(e->console, e->console_count, number))
        return true;
    const expect_lines *const lists[] = {&e->unordered, &e->never, &e->errors};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
        if (lines_show(lists[i]->items, lists[i]->count, number))
            return true;
    for (size_t i = 0; i < e->cell_count; i++)
        if (contains(e->cells[i].shows, number))
            return true;
    for (size_t i = 0; i < e->finding_count; i++)
        if (contains(e->findings[i].shows, number))
            return true;
    for (size_t i = 0; i < p->moment_count; i++)
        if (contains(p->timeline[i].shows, number))
            return true;
    for (size_t i = 0; i < e->outcomes.count; i++)
        if (contains(e->outcomes.items[i].shows, number))
            return true;
    return contains(e->outcomes.shows, number) || contains(e->topology_shows, number) || contains(e->exit.shows, number);
}

syllabus_catalogue *syllabus_create(void)
{
    region *memory = region_create();
    syllabus_catalogue *c = region_allocate(memory, sizeof *c);
    c->memory = memory;
    return c;
}

void syllabus_free(syllabus_catalogue *c)
{
    if (c != NULL)
        region_free(c->memory);
}

void syllabus_add(syllabus_catalogue *c, const plan *p, const char *path)
{
    const char *copy = region_text(c->memory, path);
    for (size_t i = 0; i < p->teaches.count; i++) {
        uint32_t number = p->teaches.items[i];
        mention **end = &c->mentions[number];
        while (*end != NULL)
            end = &(*end)->next;
        *end = region_allocate(c->memory, sizeof **end);
        (*end)->path = copy;
        (*end)->shown = syllabus_is_shown(p, number);
    }
}

static void write_shown_by(const syllabus_catalogue *c, const syllabus_entry *entry, buffer *out)
{
    const mention *m = c->mentions[entry->number];
    if (m == NULL)
        buffer_format(out, "*waits for: %s*", entry->waits_for);
    for (; m != NULL; m = m->next)
        buffer_format(out, "[%s](../%s)%s%s", m->path, m->path,
                      m->shown ? "" : " (claimed, but no expectation shows it)",
                      m->next == NULL ? "" : ", ");
}

void syllabus_write(const syllabus_catalogue *c, buffer *out)
{
    size_t shown = 0;
    for (uint32_t n = 1; n <= SYLLABUS_LAST; n++)
        shown += c->mentions[n] != NULL;
    buffer_format(out,
                  "# The syllabus and its scenarios\n\n"
                  "Generated from `src/scenario/syllabus.def` and the `teaches` and `shows` of "
                  "every file in `scenarios/`; a\n"
                  "test compares it. %zu of %d entries have a scenario. ✓ the seed text agrees "
                  "with the standards, ~ with a\n"
                  "condition that it leaves out, ✗ the seed text is wrong and the scenario shows "
                  "what is true.\n",
                  shown, SYLLABUS_LAST);
    char section = 0;
    for (uint32_t n = 1; n <= SYLLABUS_LAST; n++) {
        const syllabus_entry *entry = syllabus_find(n);
        if (entry->section != section) {
            section = entry->section;
            buffer_format(
                out, "\n## %c. %s\n\n| # | Concept | Seeds | | Shown by |\n|---|---|---|---|---|\n",
                section, syllabus_section_title(section));
        }
        buffer_format(out, "| %u | %s | %s | %s | ", n, entry->concept, entry->seeds,
                      plan_mark_text(entry->mark));
        write_shown_by(c, entry, out);
        buffer_add(out, " |\n");
    }
}
