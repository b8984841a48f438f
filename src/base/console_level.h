/* The levels of console output (Console Standard, "printer"), as scripts, records and reports name them. Pure data. */
#ifndef HEDDLE_BASE_CONSOLE_LEVEL_H
#define HEDDLE_BASE_CONSOLE_LEVEL_H

typedef enum console_level {
    CONSOLE_LOG,
    CONSOLE_INFO,
    CONSOLE_WARN,
    CONSOLE_ERROR,
    CONSOLE_DEBUG,
    CONSOLE_LEVEL_COUNT
} console_level;

#endif
