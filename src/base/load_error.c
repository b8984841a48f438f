#include "base/load_error.h"

#include <stdarg.h>
#include <stdio.h>

void load_error_add(load_errors *errors, const char *file, uint32_t line, uint32_t column,
                    const char *format, ...)
{
    if (errors->memory == NULL)
        errors->memory = region_create();
    errors->items = region_grow(errors->memory, errors->items, errors->count, &errors->capacity,
                                sizeof *errors->items);
    char message[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    errors->items[errors->count++] = (load_error){
        .where = {region_text(errors->memory, file), line, column},
        .message = region_text(errors->memory, message),
    };
}

static int compare_errors(const load_error *a, const load_error *b)
{
    if (a->where.line != b->where.line)
        return a->where.line < b->where.line ? -1 : 1;
    return a->where.column < b->where.column ? -1 : a->where.column > b->where.column;
}

/* Insertion keeps equal places in the order in which they were found. Errors are few. */
void load_errors_sort(load_errors *errors)
{
    for (size_t i = 1; i < errors->count; i++) {
        load_error moving = errors->items[i];
        size_t j = i;
        for (; j > 0 && compare_errors(&errors->items[j - 1], &moving) > 0; j--)
            errors->items[j] = errors->items[j - 1];
        errors->items[j] = moving;
    }
}

void load_errors_release(load_errors *errors)
{
    region_free(errors->memory);
    *errors = (load_errors){0};
}

void load_errors_write(const load_errors *errors, buffer *out)
{
    for (size_t i = 0; i < errors->count; i++) {
        const load_error *e = &errors->items[i];
        buffer_add(out, e->where.file);
        if (e->where.line > 0)
            buffer_format(out, ":%u:%u", e->where.line, e->where.column);
        buffer_format(out, ": %s\n", e->message);
    }
}
