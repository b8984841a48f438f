#include "base/spelling.h"

#include <stdint.h>
#include <string.h>

/* The number of letters to insert, delete, replace or swap to make one word of the other. */
static size_t edit_distance(const char *a, const char *b)
{
    enum { LONGEST = 40 };
    size_t m = strlen(a), n = strlen(b);
    if (m > LONGEST || n > LONGEST)
        return LONGEST;
    size_t rows[3][LONGEST + 1];
    for (size_t j = 0; j <= n; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= m; i++) {
        size_t *row = rows[i % 3], *above = rows[(i + 2) % 3], *higher = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= n; j++) {
            size_t best = above[j - 1] + (a[i - 1] != b[j - 1]);
            best = above[j] + 1 < best ? above[j] + 1 : best;
            best = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
            bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (swapped && higher[j - 2] + 1 < best)
                best = higher[j - 2] + 1;
            row[j] = best;
        }
    }
    return rows[m % 3][n];
}

bool spelling_is_near(const char *word, const char *known, size_t *distance)
{
    size_t d = edit_distance(word, known), length = strlen(known);
    *distance = d;
    return d <= (length <= 3 ? 1 : length <= 6 ? 2 : 3) && d < length;
}

const char *spelling_nearest(const char *word, const char *const *known, size_t count)
{
    const char *best = NULL;
    size_t best_distance = SIZE_MAX;
    for (size_t i = 0; i < count; i++) {
        size_t d;
        if (spelling_is_near(word, known[i], &d) && d < best_distance) {
            best = known[i];
            best_distance = d;
        }
    }
    return best;
}
