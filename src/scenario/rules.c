#include "scenario/rules.h"

#include "base/assert.h"

#include <string.h>

const rule_entry rule_entries[] = {
#define RULE(id, state, why, title) {id, RULE_##state, why, title},
#include "scenario/rules.def"
#undef RULE
};
#define RULE_COUNT (sizeof rule_entries / sizeof rule_entries[0])
const size_t rule_count = RULE_COUNT;

/* What the letters of an ID stand for. */
static const struct {
    const char *letters, *title;
} chapters[] = {
    {"R-AG", "Agents"},
    {"R-CL", "Who is in one cluster"},
    {"R-OR", "Origins"},
    {"R-WIN", "Windows that reach each other"},
    {"R-COOP", "Opener policies"},
    {"R-COEP", "Embedder policies"},
    {"R-COI", "Cross-origin isolation"},
    {"R-EXP", "Who has which constructors"},
    {"R-SAB", "Shared memory on the wire"},
    {"R-SC", "Structured clone"},
    {"R-TR", "Transfer"},
    {"R-EL", "Event loops"},
    {"R-BL", "What blocks a loop"},
    {"R-TM", "Timers"},
    {"R-MT", "Microtasks"},
    {"R-ER", "Errors and rejections"},
    {"R-RN", "Frames"},
    {"R-IDLE", "Idle periods"},
    {"R-MP", "Ports"},
    {"R-WM", "Messages between windows"},
    {"R-BC", "Broadcast"},
    {"R-WL", "Workers' lifetimes"},
    {"R-WK", "Workers"},
    {"R-SW", "Shared workers"},
    {"R-LIFE", "Documents"},
    {"R-CR", "Clusters that stop and end"},
    {"R-PL", "Freezing and discarding"},
    {"R-SV", "Service workers"},
    {"R-WT", "Worklets"},
    {"R-JB", "Jobs"},
    {"R-RL", "Realms"},
    {"R-EC", "Execution contexts"},
    {"R-PT", "Tail calls"},
    {"R-GC", "Weak references"},
    {"R-FP", "Blocking and progress"},
    {"INV", "What is asserted while agents run"},
    {"TRAP", "What is easily got wrong"},
};

typedef struct mention {
    struct mention *next;
    const char *path;
} mention;

struct rule_catalogue {
    region *memory;
    mention *mentions[RULE_COUNT]; /* in the order of the calls */
};

static const rule_entry *find(const char *id, size_t length)
{
    for (size_t i = 0; i < RULE_COUNT; i++)
        if (strlen(rule_entries[i].id) == length && memcmp(rule_entries[i].id, id, length) == 0)
            return &rule_entries[i];
    return NULL;
}

const rule_entry *rule_find(const char *id)
{
    return find(id, strlen(id));
}

rule_catalogue *rules_create(void)
{
    region *memory = region_create();
    rule_catalogue *c = region_allocate(memory, sizeof *c);
    c->memory = memory;
    return c;
}

void rules_free(rule_catalogue *c)
{
    if (c != NULL)
        region_free(c->memory);
}

/* `path` lives as long as the catalogue. */
static void note(rule_catalogue *c, const rule_entry *rule, const char *path)
{
    mention **end = &c->mentions[rule - rule_entries];
    for (; *end != NULL; end = &(*end)->next)
        if ((*end)->path == path)
            return;
    *end = region_allocate(c->memory, sizeof **end);
    (*end)->path = path;
}

void rules_add(rule_catalogue *c, const plan *p, const char *path)
{
    const char *copy = region_text(c->memory, path);
    for (size_t i = 0; i < p->rules.count; i++) {
        const rule_entry *rule = rule_find(p->rules.items[i]);
        hd_assert(rule != NULL); /* the loader accepts no other */
        note(c, rule, copy);
    }
}

#define SHOWS "shows "
#define ID_LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-"

/* Of "shows R-CL-01, R-CL-02 and more": IDs with commas, or a line's end and a comment's star,
 * between them. */
void rules_add_test(rule_catalogue *c, const char *text, const char *path, buffer *unknown)
{
    const char *copy = region_text(c->memory, path);
    for (const char *at = strstr(text, SHOWS); at != NULL; at = strstr(at, SHOWS)) {
        at += strlen(SHOWS);
        for (size_t length; strncmp(at, "R-", 2) == 0 || strncmp(at, "INV-", 4) == 0 ||
                            strncmp(at, "TRAP-", 5) == 0;
             at += strspn(at, ", \n*#/")) {
            length = strspn(at, ID_LETTERS);
            const rule_entry *rule = find(at, length);
            if (rule != NULL)
                note(c, rule, copy);
            else
                buffer_format(unknown, "%s: no rule is named %.*s\n", path, (int)length, at);
            at += length;
        }
    }
}

void rules_check(const rule_catalogue *c, buffer *out)
{
    for (size_t i = 0; i < RULE_COUNT; i++) {
        const rule_entry *rule = &rule_entries[i];
        if (rule->state == RULE_SHOWN && c->mentions[i] == NULL)
            buffer_format(out, "%s is not shown: %s\n", rule->id, rule->title);
        if (rule->state == RULE_NONE && c->mentions[i] != NULL)
            buffer_format(out, "%s does not apply, but %s shows it\n", rule->id,
                          c->mentions[i]->path);
    }
}

static size_t letters_of(const char *id)
{
    return (size_t)(strrchr(id, '-') - id);
}

static void write_heading(const char *id, buffer *out)
{
    for (size_t i = 0; i < sizeof chapters / sizeof chapters[0]; i++)
        if (strlen(chapters[i].letters) == letters_of(id) &&
            strncmp(chapters[i].letters, id, letters_of(id)) == 0) {
            buffer_format(out, "\n## %s\n\n| Rule | | Shown by |\n|---|---|---|\n",
                          chapters[i].title);
            return;
        }
    hd_assert(!"every rule has a chapter");
}

static void write_shown_by(const rule_catalogue *c, size_t index, buffer *out)
{
    static const char *const before[] = {
        [RULE_SHOWN] = "", [RULE_NONE] = "does not apply: ", [RULE_OPEN] = "open: "};
    const rule_entry *rule = &rule_entries[index];
    const mention *m = c->mentions[index];
    if (rule->state != RULE_SHOWN)
        buffer_format(out, "*%s%s*%s", before[rule->state], rule->why,
                      m == NULL ? "" : "; the rest by ");
    for (; m != NULL; m = m->next)
        buffer_format(out, "[%s](../%s)%s", m->path, m->path, m->next == NULL ? "" : ", ");
}

void rules_write(const rule_catalogue *c, buffer *out)
{
    size_t counts[RULE_OPEN + 1] = {0};
    for (size_t i = 0; i < RULE_COUNT; i++)
        counts[rule_entries[i].state]++;
    buffer_format(out,
                  "# The rules and what shows them\n\n"
                  "Generated from `src/scenario/rules.def`, the `rules` of every file in "
                  "`scenarios/`, and the comments "
                  "`shows R-…` of\n"
                  "the tests; a test compares it. Of %zu rules %zu are shown, %zu are open and %zu "
                  "do not apply.\n",
                  RULE_COUNT, counts[RULE_SHOWN], counts[RULE_OPEN], counts[RULE_NONE]);
    const char *before = "";
    for (size_t i = 0; i < RULE_COUNT; i++) {
        const char *id = rule_entries[i].id;
        if (strncmp(before, id, letters_of(id) + 1) != 0)
            write_heading(id, out);
        before = id;
        buffer_format(out, "| %s | %s | ", id, rule_entries[i].title);
        write_shown_by(c, i, out);
        buffer_add(out, " |\n");
    }
}
