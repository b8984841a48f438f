/* What the rest of the web part may ask of a realm's console. Own thread. */
#ifndef HEDDLE_WEB_CONSOLE_H
#define HEDDLE_WEB_CONSOLE_H

struct realm;

/* Frees groups, counts and timers. */
void console_release(struct realm *r);

#endif
