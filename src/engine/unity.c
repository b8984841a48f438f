/* The engine as one translation unit together with our accessors, which need its internal
 * structures.
 *
 * The engine's own text is compiled without our warnings, internals.c and buffer_access.c with them. */
#include "engine/hooks.h"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsign-compare"
#pragma GCC diagnostic ignored "-Wunused-parameter"
#pragma GCC diagnostic ignored "-Wimplicit-fallthrough"
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
#pragma GCC diagnostic ignored "-Wcast-function-type"
#pragma GCC diagnostic ignored "-Wmissing-prototypes"
#pragma GCC diagnostic ignored "-Wstrict-prototypes"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wfloat-conversion"
#pragma GCC diagnostic ignored "-Wunused-but-set-variable"
#include "quickjs.c"
#include "dtoa.c"
#include "libunicode.c"
#include "libregexp.c"
#pragma GCC diagnostic pop

#include "engine/hooks.c"
#include "engine/buffer_access.c"
#include "engine/values.h"
#include "engine/values.c"
#include "engine/values_buffers.c"
#include "engine/values_objects.c"
#include "engine/internals.c"
#include "engine/inspection.c"
#include "engine/places.c"
