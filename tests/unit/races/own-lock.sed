# Every thread has a lock of its own.
1i\
#include <pthread.h>\
static _Thread_local pthread_mutex_t own_lock = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
s/pthread_mutex_\(un\)\?lock([^;]*);/pthread_mutex_\1lock(\&own_lock);/
