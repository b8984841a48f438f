/* Which file of an npm package a specifier stands for: Node's PACKAGE_RESOLVE for `import`, with
 * the conditions of a browser.
 *
 * Threads: any, without shared state. Blocking: reads package.json. */
#ifndef HEDDLE_SCENARIO_PACKAGE_H
#define HEDDLE_SCENARIO_PACKAGE_H

/* `folder` is the package's, `subpath` "." or "./x". The path below the folder ("dist/index.mjs"),
 * malloc'd; NULL when the package offers nothing under that name. */
char *package_resolve(const char *folder, const char *subpath);

#endif
