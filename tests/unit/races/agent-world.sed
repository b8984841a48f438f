# Every thread has a lock of its own.
/^#include "agent\/world.h"/a\
static _Thread_local pthread_mutex_t own_lock = PTHREAD_MUTEX_INITIALIZER;
s/\(pthread_mutex_\(un\)\?lock\)(&w->registry)/\1(\&own_lock)/
