#include "web/base64.h"

#include <string.h>

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

bool base64_decode(const char *text, size_t length, buffer *out)
{
    size_t count = 0, padding = 0;
    unsigned bits = 0;
    for (size_t i = 0; i < length; i++) {
        char c = text[i];
        if (c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r')
            continue;
        if (c == '=') {
            padding++;
            continue;
        }
        const char *digit = c ? strchr(digits, c) : NULL;
        if (!digit || padding)
            return false;
        bits = bits << 6 | (unsigned)(digit - digits);
        if (++count % 4 != 1) {
            unsigned char byte = (unsigned char)(bits >> (count % 4 == 2   ? 4
                                                          : count % 4 == 3 ? 2
                                                                           : 0));
            buffer_add_bytes(out, &byte, 1);
        }
    }
    return count % 4 != 1 && padding <= 2 && (padding == 0 || (count + padding) % 4 == 0);
}

void base64_encode(const unsigned char *bytes, size_t length, buffer *out)
{
    for (size_t i = 0; i < length; i += 3) {
        size_t left = length - i;
        unsigned bits = (unsigned)bytes[i] << 16 | (left > 1 ? (unsigned)bytes[i + 1] << 8 : 0) |
                        (left > 2 ? bytes[i + 2] : 0);
        char text[4] = {digits[bits >> 18], digits[bits >> 12 & 63],
                        left > 1 ? digits[bits >> 6 & 63] : '=',
                        left > 2 ? digits[bits & 63] : '='};
        buffer_add_bytes(out, text, 4);
    }
}
