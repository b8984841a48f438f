/* For tests that break an invariant: runs `break_it` in a process of its own, which must end as a bug of heddle does (exit code 70)
 * and say which rule was broken. */
#ifndef HEDDLE_TESTS_BROKEN_H
#define HEDDLE_TESTS_BROKEN_H

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Its exit code, and the beginning of what it says. */
static inline int run_apart(void (*run)(void), char *said, size_t room)
{
    int ends[2], how = 0;
    if (pipe(ends) != 0)
        return -1;
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        run();
        _exit(0);
    }
    close(ends[1]);
    ssize_t length = read(ends[0], said, room - 1);
    said[length > 0 ? length : 0] = '\0';
    close(ends[0]);
    waitpid(child, &how, 0);
    return WIFEXITED(how) ? WEXITSTATUS(how) : -1;
}

static inline bool breaks(void (*break_it)(void), const char *rule)
{
    char said[1024];
    return run_apart(break_it, said, sizeof said) == 70 && strstr(said, rule) != NULL;
}

#endif
