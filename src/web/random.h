/* Random numbers that the run's seed fixes: what a realm's scripts draw depends on the seed, the
 * agent's number and how much was drawn before. Own thread. */
#ifndef HEDDLE_WEB_RANDOM_H
#define HEDDLE_WEB_RANDOM_H

#include <stddef.h>

struct realm;

void random_fill(struct realm *r, void *bytes, size_t length);
/* A version 4 UUID with its zero byte. */
void random_uuid(struct realm *r, char out[37]);

#endif
