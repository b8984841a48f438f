/* libheddle: JavaScript in many agents, each on its own thread, from C.
 *
 * Handles are opaque; what a function gives is freed by the function named beside it. Every function that can fail gives an
 * hd_status; its result is then untouched or NULL. Texts are UTF-8 and end with a zero byte. Times are nanoseconds unless a name says
 * otherwise. A bug of the library itself ends the process with a message. */
#ifndef HEDDLE_HEDDLE_H
#define HEDDLE_HEDDLE_H

#if defined(__GNUC__)
#define HD_API __attribute__((visibility("default")))
#else
#define HD_API
#endif

typedef enum hd_status {
    HD_OK,
    HD_NO_MEMORY,
    HD_INVALID,   /* an argument or a file is not what was asked for */
    HD_NOT_FOUND,
    HD_RANGE,     /* outside of a block, or of what is possible */
    HD_IO,
    HD_STATE,     /* not possible now */
    HD_LIMIT,     /* the system or a limit refuses */
} hd_status;

/* A constant clause for people, never NULL. Any thread; does not block. */
HD_API const char *hd_status_text(hd_status status);

/* The library's version ("0.1.0"); constant. Any thread. */
HD_API const char *hd_version(void);

#include "heddle/races.h"
#include "heddle/run.h"
#include "heddle/scenario.h"
#include "heddle/shared_memory.h"

#endif
