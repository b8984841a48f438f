#include "engine/observed.h"

/* For programs that run the observed variant without looking at its events. */
void engine_observed_access(const void *address, size_t size, enum engine_access_kind kind)
{
}
