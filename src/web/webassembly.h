/* The namespace WebAssembly without a machine behind it, for runs of conformance tests (struct web, `webassembly_stub`): a
 * Memory that has its buffer, which may be shared, and a Module that can be cloned inside its agent cluster and do nothing else.
 * Programs do not see it: the engine has no WebAssembly, and they can tell. */
#ifndef HEDDLE_WEB_WEBASSEMBLY_H
#define HEDDLE_WEB_WEBASSEMBLY_H

#include "web/globals.h"

extern const struct global_part webassembly_globals;

#endif
