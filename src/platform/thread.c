#include "platform/thread.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct start {
    void (*run)(void *);
    void *context;
};

static void *thread_main(void *argument)
{
    struct start start = *(struct start *)argument;
    free(argument);
    start.run(start.context);
    return NULL;
}

status thread_start(thread *t, void *stack, size_t stack_size, void (*run)(void *), void *context)
{
    struct start *start = malloc(sizeof *start);
    if (!start)
        return STATUS_NO_MEMORY;
    *start = (struct start){run, context};
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    if (stack)
        pthread_attr_setstack(&attributes, stack, stack_size);
    else
        pthread_attr_setstacksize(&attributes, stack_size);
    int error = pthread_create(&t->handle, &attributes, thread_main, start);
    pthread_attr_destroy(&attributes);
    if (error)
        free(start);
    return error == 0 ? STATUS_OK : error == EAGAIN ? STATUS_LIMIT : STATUS_INVALID;
}

void thread_join(thread *t)
{
    pthread_join(t->handle, NULL);
}

bool thread_join_within(thread *t, unsigned milliseconds)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until); /* the clock of this call; a jump of it changes the patience only */
    until.tv_sec += milliseconds / 1000;
    until.tv_nsec += (long)(milliseconds % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    return pthread_timedjoin_np(t->handle, NULL, &until) == 0;
}

void thread_name(const char *name)
{
    char text[16];
    snprintf(text, sizeof text, "%s", name);
    pthread_setname_np(pthread_self(), text);
}
