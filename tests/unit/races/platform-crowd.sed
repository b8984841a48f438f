# Every thread has a lock of its own.
/^#include "platform\/crowd.h"/a\
#include <pthread.h>\nstatic _Thread_local pthread_mutex_t own_lock = PTHREAD_MUTEX_INITIALIZER;
s/\(pthread_mutex_\(un\)\?lock\)(&c->lock)/\1(\&own_lock)/
