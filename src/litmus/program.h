/* A litmus program: a few agents that share blocks of memory, and questions about what may come of
 * it. The text is a subset of JavaScript; what is kept of it is a short code per agent, which every
 * part of the laboratory reads: the checker, the interleavers, the stress runner, the generator.
 *
 * Ownership: everything hangs on the program and dies with litmus_program_free. Threads: read-only
 * after it was made. Blocking: never. */
#ifndef HEDDLE_LITMUS_PROGRAM_H
#define HEDDLE_LITMUS_PROGRAM_H

#include "base/load_error.h"
#include "base/region.h"
#include "litmus/value.h"

enum {
    LITMUS_AGENTS = 9,     /* most, the setup included */
    LITMUS_REGISTERS = 64, /* of one agent, the code's own included */
    LITMUS_STEPS = 400,    /* of one agent's code */
    LITMUS_BLOCKS = 16,
    LITMUS_BLOCK_SIZE = 256, /* bytes */
    LITMUS_VIEWS = 32,
    LITMUS_CHANNELS = 16,
    LITMUS_SLOTS = 32, /* registers and final values of one outcome */
    LITMUS_QUESTIONS = 16,
    LITMUS_TURNS = 64, /* of one loop */
    LITMUS_EVENTS = 64 /* of one execution: a bit set */
};

typedef enum litmus_code {
    CODE_CONSTANT,      /* target = constant */
    CODE_MOVE,          /* target = left */
    CODE_OPERATE,       /* target = left operation right */
    CODE_JUMP,          /* to destination */
    CODE_JUMP_IF_FALSE, /* by left */
    CODE_JUMP_IF_TRUE,
    CODE_COUNT_TURN,       /* of the loop that begins here: more than LITMUS_TURNS is an error */
    CODE_READ,             /* target = memory */
    CODE_WRITE,            /* memory = left */
    CODE_MODIFY,           /* target = memory; memory = memory operation left */
    CODE_EXCHANGE,         /* target = memory; memory = left */
    CODE_COMPARE_EXCHANGE, /* target = memory; memory = right, if it was left */
    CODE_WAIT,             /* target = the answer; left = expected value; `timed`: may time out */
    CODE_NOTIFY,           /* target = how many; left = most */
    CODE_POST,             /* a message with left to channel `place.block` */
    CODE_RECEIVE,          /* target = the value of the next message of channel `place.block` */
    CODE_START,            /* lets agent `place.block` begin */
    CODE_END
} litmus_code;

#define LITMUS_NO_REGISTER 255

/* Which bytes an access touches. */
typedef struct litmus_place {
    uint8_t block; /* or a channel, or an agent: see litmus_code */
    uint8_t view;
    uint8_t index;   /* the register with the index; LITMUS_NO_REGISTER: `offset` says it all */
    uint8_t scale;   /* bytes per index: the element's size, 1 for a DataView */
    uint16_t offset; /* in the block; of index 0 when there is a register */
    uint16_t count;  /* indices that exist */
} litmus_place;

typedef struct litmus_step {
    uint8_t code;      /* litmus_code */
    uint8_t operation; /* litmus_operator */
    uint8_t target, left, right;
    uint8_t element; /* litmus_element */
    bool atomic;     /* seq-cst; else unordered */
    bool tear_free;  /* sec-istearfree */
    bool big_endian;
    bool timed;
    uint16_t destination;
    litmus_place place;
    litmus_value constant;
    uint32_t line, column; /* in the program's file */
} litmus_step;

typedef struct litmus_register {
    const char *name; /* NULL: the code's own */
    bool shown;       /* declared at the top of the agent: part of the outcome */
} litmus_register;

typedef struct litmus_agent {
    const char *name;
    const char *text; /* JavaScript; the program's `file` has it at line, column */
    uint32_t line, indent;
    litmus_step *steps; /* ends with CODE_END */
    size_t step_count;
    litmus_register registers[LITMUS_REGISTERS];
    size_t register_count;
    bool started; /* begins when another agent starts it */
} litmus_agent;

typedef struct litmus_view {
    const char *name;
    bool data_view;
    litmus_element element; /* of a typed array */
    uint8_t block;
    uint16_t offset;
    uint16_t length; /* elements; bytes for a DataView */
} litmus_view;

typedef struct litmus_block {
    const char *name; /* NULL: made within a view's declaration */
    uint16_t size;
} litmus_block;

/* One part of an outcome: a register of an agent, or a cell when all have ended. */
typedef struct litmus_slot {
    bool final;
    uint8_t agent, reg;
    litmus_step read; /* final: a plain read that sees everything before it */
    const char *name; /* "r0" when no other agent has one, else "left.r0"; "x[0]" */
} litmus_slot;

typedef enum litmus_question_kind {
    LITMUS_EXISTS,    /* an allowed outcome is so */
    LITMUS_FORBIDDEN, /* none is */
    LITMUS_ALWAYS     /* every one is */
} litmus_question_kind;

/* A condition over the slots: register i of its code is slot i at first. */
typedef struct litmus_question {
    litmus_question_kind kind;
    const char *text;
    source_position where;
    litmus_step *steps;
    uint8_t result; /* the register that holds the answer */
} litmus_question;

typedef enum litmus_answer_flag { LITMUS_UNASKED, LITMUS_NO, LITMUS_YES } litmus_answer_flag;

typedef struct litmus_texts {
    const char **items;
    size_t count;
} litmus_texts;

typedef struct litmus_program {
    region *memory;
    const char *file;
    const char *name;  /* "SB" */
    const char *title; /* "Store buffering", or the name */
    litmus_texts about, why, see;
    const char *setup_text; /* the shared declarations, JavaScript */
    litmus_block blocks[LITMUS_BLOCKS];
    size_t block_count;
    litmus_view views[LITMUS_VIEWS];
    size_t view_count;
    const char *channels[LITMUS_CHANNELS];
    size_t channel_count;
    litmus_agent agents[LITMUS_AGENTS]; /* agent 0 is the setup, before all others; often empty */
    size_t agent_count;
    litmus_slot slots[LITMUS_SLOTS];
    size_t slot_count;
    litmus_question questions[LITMUS_QUESTIONS];
    size_t question_count;
    /* What the file says about the program, each checked. */
    litmus_answer_flag race_free;    /* no execution has a data race */
    litmus_answer_flag sequential;   /* every allowed outcome is sequentially consistent */
    litmus_answer_flag on_x86;       /* x86-TSO can show the first `exists` */
    litmus_answer_flag spec_tearing; /* no: the file wants the other reading of initial values */
    source_position race_free_where, sequential_where, on_x86_where;
} litmus_program;

/* Reads a litmus file: YAML with the key `litmus`, or JavaScript whose first comment has that YAML.
 * NULL after errors were added, each with line and column. */
litmus_program *litmus_program_load(const char *path, load_errors *errors);
/* `path` names the text in messages; its ending (.js) decides the form. */
litmus_program *litmus_program_read(const char *path, const char *text, size_t length,
                                    load_errors *errors);
void litmus_program_free(litmus_program *p); /* NULL is allowed */

/* True when the text is a litmus file, by its first lines. */
bool litmus_is_litmus(const char *path, const char *text, size_t length);

/* Reads a condition, e.g. "r0 === 0 && r1 === 0" or "r0=0 r1=0", after the program was made; it may
 * name only what the outcome has. Adds errors and returns false. */
bool litmus_question_read(const litmus_program *p, const char *text, litmus_question *question,
                          load_errors *errors);

/* Does an outcome (slot_count values) satisfy the condition? An operation that JavaScript would
 * refuse gives false. */
bool litmus_question_holds(const litmus_question *q, const litmus_value *slots, size_t slot_count);

/* "x[0]", "view.getInt32(4)": the place as the program writes it. `offset` is the byte in the block
 * that an access touched first. */
void litmus_place_write(const litmus_program *p, const litmus_step *step, uint32_t offset,
                        buffer *out);

#endif
