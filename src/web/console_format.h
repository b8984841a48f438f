/* The text of a console call, its table and the state behind group, count and time. Own thread. */
#ifndef HEDDLE_WEB_CONSOLE_FORMAT_H
#define HEDDLE_WEB_CONSOLE_FORMAT_H

#include "base/buffer.h"
#include "quickjs.h"

#include <stdbool.h>

/* Console Standard "Formatter" and the printing of what is left over, as Node does both: appends
 * the text of the arguments. */
void console_format(JSContext *js, int count, JSValueConst *arguments, buffer *out);

/* Appends the box that console.table draws; false when the value has no rows. `columns` = undefined
 * or an array of names. */
bool console_table(JSContext *js, JSValueConst data, JSValueConst columns, buffer *out);

#endif
