/* npm packages: what a bare specifier stands for, as Node resolves it (Node "PACKAGE_RESOLVE", "PACKAGE_EXPORTS_RESOLVE"), and how
 * a file is to be read.
 *
 * Ownership: results are malloc'd, the caller frees. Threads: any, without shared state. Blocking: reads files. Errors: NULL when
 * there is nothing by that name. */
#ifndef HEDDLE_SCENARIO_PACKAGES_H
#define HEDDLE_SCENARIO_PACKAGES_H

#include <stdbool.h>
#include <stddef.h>

/* The file, as a path below `folder` (a package's), that `subpath` ("" = the package itself, else "lib/x") stands for. `require`
 * chooses the condition "require" instead of "import", and lets extensions be left out. */
char *package_entry(const char *folder, const char *subpath, bool require);

/* `path` as require() finds it: as it is, with .js, .cjs, .json, or a folder's index. The path found. */
char *package_find_file(const char *path);

/* "name" or "@scope/name" at the start of a specifier. */
char *package_name(const char *specifier);

enum package_type { PACKAGE_TYPE_NONE, PACKAGE_TYPE_MODULE, PACKAGE_TYPE_COMMONJS };

/* The "type" of the nearest package.json above a file; NONE when none is there or it does not say. */
enum package_type package_type_of(const char *path);

/* True when a text has an import or export declaration of its own: it is no classic script and no CommonJS. */
bool text_is_module(const char *text, size_t length);

#endif
