/* The front matter of a test262 test, a YAML mapping in its first comment, as far as a runner needs it. */
#ifndef HEDDLE_CLI_TEST262_METADATA_H
#define HEDDLE_CLI_TEST262_METADATA_H

#include "base/region.h"
#include "web/test262.h"

struct test262_words {
    const char **items;
    size_t count, capacity;
};

struct test262_metadata {
    struct test262_words flags, includes, features;
    enum test262_phase negative;
    const char *negative_type; /* NULL for a positive test */
};

/* Everything is copied into `memory`. A text without front matter has none of all this. */
void test262_metadata_read(region *memory, const char *text, struct test262_metadata *out);

bool test262_words_have(const struct test262_words *w, const char *word);

#endif
