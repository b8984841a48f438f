/* The bytes of a serialized value, within this process only: words in the machine's order, unaligned. */
#ifndef HEDDLE_MESSAGE_FORMAT_H
#define HEDDLE_MESSAGE_FORMAT_H

/* Objects are numbered in the order in which their creation ends up here: the transferred ones first, then each where its tag stands, except
 * that a view comes after its buffer. Texts are a head (length << 1 | wide) and units. */
enum tag {
    TAG_UNDEFINED,
    TAG_NULL,
    TAG_FALSE,
    TAG_TRUE,
    TAG_INT,          /* 4 bytes */
    TAG_DOUBLE,       /* 8 bytes */
    TAG_TEXT,         /* text */
    TAG_SHORT_BIGINT, /* 8 bytes */
    TAG_BIGINT,       /* size, words */
    TAG_REFERENCE,    /* number */
    TAG_TRANSFERRED,  /* index of the transfer list */
    TAG_KEYED,        /* hash, count, size, keys; values, each may be TAG_ABSENT */
    TAG_ABSENT,       /* the property was deleted by a getter meanwhile */
    TAG_OBJECT,       /* properties */
    TAG_ARRAY,        /* with properties (1 byte), length, count; values; properties if any */
    TAG_KEY,          /* of properties: text, value */
    TAG_INDEX,        /* of properties: number, value */
    TAG_END,          /* of properties */
    TAG_WRAPPER,      /* kind (1 byte), primitive value */
    TAG_REGEXP,       /* source, flags: values */
    TAG_BUFFER,       /* flags (1 byte), length, greatest length, bytes */
    TAG_BYTES,        /* index of the attachment: an ArrayBuffer */
    TAG_BLOCK,        /* index of the attachment: a SharedArrayBuffer */
    TAG_VIEW,         /* kind, type, tracking (1 byte each), offset, length; the buffer's value */
    TAG_MAP,          /* count of values; keys and values */
    TAG_SET,          /* count of values; values */
    TAG_ERROR,        /* type, mask of enum error_parts (1 byte each); the parts' values */
    TAG_DOM_EXCEPTION, /* name, message: values */
    TAG_PLATFORM,     /* index of the attachment: a platform object */
};

enum buffer_flags { BUFFER_RESIZABLE = 1, BUFFER_IMMUTABLE = 2 };
enum error_parts { ERROR_MESSAGE = 1, ERROR_STACK = 2, ERROR_CAUSE = 4 };

#endif
