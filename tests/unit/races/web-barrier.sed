# Every thread has a lock of its own.
s/^static pthread_mutex_t /static _Thread_local pthread_mutex_t /
