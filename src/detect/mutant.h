/* For one test alone: leaves out a rule, so that the test which bears the rule's name can be seen
 * to fail. Nothing of this is compiled into the program. */
#ifndef HEDDLE_DETECT_MUTANT_H
#define HEDDLE_DETECT_MUTANT_H

#define MUTANT_LIST(X)                                                                             \
    X(LEARN, "store to load orders")                                                               \
    X(MODIFY_LEARNS, "a read-modify-write is a load")                                              \
    X(MODIFY_PUBLISHES, "a read-modify-write is a store")                                          \
    X(STORE_TICKS, "time moves on after a store")                                                  \
    X(EQUAL_RANGE, "a store of another range does not order")                                      \
    X(COPY_AT_STORE, "there are no release sequences")                                             \
    X(OVERWRITE, "an overwritten store does not order")                                            \
    X(ENTER, "entering a critical section orders")                                                 \
    X(LEAVE, "entering a critical section orders")                                                 \
    X(RECEIVE, "a message orders")                                                                 \
    X(SEND_TICKS, "what comes after a message is not ordered by it")                               \
    X(PAST, "messages hand on what was received")                                                  \
    X(START, "the start of an agent orders")                                                       \
    X(LENGTH, "grow, then byteLength orders")                                                      \
    X(OTHER_RANGE_RACES, "atomic accesses of different ranges race")                               \
    X(READERS, "every reader counts")                                                              \
    X(ATOMIC_WRITERS, "every atomic writer counts")                                                \
    X(SPLIT, "neighbours do not race")                                                             \
    X(LAST_WRITE, "every atomic writer counts")

#ifdef DETECT_MUTANTS
enum mutant {
#define X(name, test) MUTANT_##name,
    MUTANT_LIST(X)
#undef X
        MUTANT_COUNT
};
extern enum mutant detect_mutant; /* MUTANT_COUNT: none */
#define WITHOUT(name) (detect_mutant == MUTANT_##name)
#else
#define WITHOUT(name) 0
#endif

#endif
