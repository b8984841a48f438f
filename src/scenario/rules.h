/* The rules of the web's agent model, and what shows each. The entries are constant data made of
 * rules.def; the catalogue is filled with plans and with the texts of tests, and writes
 * tests/rules.md. Threads: one at a time per catalogue. Blocking: never. */
#ifndef HEDDLE_SCENARIO_RULES_H
#define HEDDLE_SCENARIO_RULES_H

#include "base/buffer.h"
#include "scenario/plan.h"

typedef enum rule_state {
    RULE_SHOWN, /* scenarios or tests show it */
    RULE_NONE,  /* it does not apply */
    RULE_OPEN,  /* it is not implemented, or only in part */
} rule_state;

typedef struct rule_entry {
    const char *id; /* "R-CL-01", "INV-09", "TRAP-22" */
    rule_state state;
    const char *why; /* not RULE_SHOWN: why it does not apply, or what is open */
    const char *title;
} rule_entry;

extern const rule_entry rule_entries[];
extern const size_t rule_count;

/* NULL when there is no such rule. */
const rule_entry *rule_find(const char *id);

typedef struct rule_catalogue rule_catalogue;

rule_catalogue *rules_create(void);
void rules_free(rule_catalogue *c);

/* Notes what `p` shows; `path` is how the page refers to the file. The plan may be freed
 * afterwards. */
void rules_add(rule_catalogue *c, const plan *p, const char *path);

/* Notes what a test's comments say that it shows: "shows R-CL-01, R-CL-02". A word there that is no
 * rule is left to the caller: `unknown` gets it, with a line for each. */
void rules_add_test(rule_catalogue *c, const char *text, const char *path, buffer *unknown);

/* What does not fit: a rule that nothing shows although it should be shown, or is shown although it
 * does not apply. A line for each; nothing when all fits. */
void rules_check(const rule_catalogue *c, buffer *out);

/* The whole page as Markdown. */
void rules_write(const rule_catalogue *c, buffer *out);

#endif
