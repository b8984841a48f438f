/* Runs a libFuzzer entry without libFuzzer: first every file of the corpus as it is, then mutations
 * of them.
 *
 *     PROGRAM [--seconds N | --rounds N] [--seed N] FILE...
 *
 * An input that crashes is found again with the seed and round that the last progress line names;
 * the input itself is written to fuzz-last-input before each round when HEDDLE_FUZZ_KEEP is set. */
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LARGEST = 64 * 1024 };

typedef struct input {
    uint8_t *bytes;
    size_t size;
} input;

static input corpus[256];
static size_t corpus_count;
static uint64_t state;

static uint64_t next_random(uint64_t below)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state % below;
}

static void add_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL || corpus_count == sizeof corpus / sizeof corpus[0]) {
        fprintf(stderr, "%s: cannot be read\n", path);
        exit(2);
    }
    input *in = &corpus[corpus_count++];
    in->bytes = malloc(LARGEST);
    if (in->bytes == NULL)
        exit(70);
    in->size = fread(in->bytes, 1, LARGEST, file);
    fclose(file);
}

/* A piece of some corpus file, a whole line more often than not. */
static input pick_piece(void)
{
    const input *from = &corpus[next_random(corpus_count)];
    if (from->size == 0)
        return (input){from->bytes, 0};
    size_t start = next_random(from->size), length = 1 + next_random(40);
    if (next_random(4) != 0) {
        while (start > 0 && from->bytes[start - 1] != '\n')
            start--;
        length = 1;
        while (start + length < from->size && from->bytes[start + length - 1] != '\n')
            length++;
    }
    if (length > from->size - start)
        length = from->size - start;
    return (input){from->bytes + start, length};
}

static void insert(uint8_t *bytes, size_t *size, size_t at, const uint8_t *piece, size_t length)
{
    if (*size + length > LARGEST)
        return;
    memmove(bytes + at + length, bytes + at, *size - at);
    memcpy(bytes + at, piece, length);
    *size += length;
}

static void mutate(uint8_t *bytes, size_t *size)
{
    static const char *const tokens[] = {
        "{",      "}",    "[",    "]",     ": ",       "- ",   "|\n", ">\n",
        "\"",     "'",    "&a ",  "*a",    "\n",       "  ",   "\t",  "#",
        "!!str ", "? ",   "%",    "---\n", "~",        "0",    "-1",  "184",
        "99999",  "null", "true", "\xff",  "\xC2\x85", "\r\n", "\\0", "(a{9,99})*"};
    size_t at = next_random(*size + 1);
    uint64_t choice = next_random(6);
    if (choice == 0 && *size > 0) {
        bytes[at == *size ? at - 1 : at] ^= (uint8_t)(1u << next_random(8));
    } else if (choice == 1 && at < *size) {
        size_t length = 1 + next_random(30);
        if (length > *size - at)
            length = *size - at;
        memmove(bytes + at, bytes + at + length, *size - at - length);
        *size -= length;
    } else if (choice == 2) {
        const char *token = tokens[next_random(sizeof tokens / sizeof tokens[0])];
        insert(bytes, size, at, (const uint8_t *)token, strlen(token));
    } else {
        input piece = pick_piece();
        insert(bytes, size, at, piece.bytes, piece.size);
    }
}

static void keep(const uint8_t *bytes, size_t size)
{
    FILE *file = fopen("fuzz-last-input", "wb");
    if (file == NULL)
        return;
    fwrite(bytes, 1, size, file);
    fclose(file);
}

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void run_round(bool keep_inputs)
{
    static uint8_t scratch[LARGEST];
    const input *from = &corpus[next_random(corpus_count)];
    size_t size = from->size;
    memcpy(scratch, from->bytes, size);
    for (uint64_t n = 1 + next_random(6); n > 0; n--)
        mutate(scratch, &size);
    uint8_t *exact = malloc(size == 0 ? 1 : size); /* so that a sanitizer sees the end */
    if (exact == NULL)
        exit(70);
    memcpy(exact, scratch, size);
    if (keep_inputs)
        keep(exact, size);
    LLVMFuzzerTestOneInput(exact, size);
    free(exact);
}

int main(int argc, char **argv)
{
    double seconds = 0;
    uint64_t rounds = 2000, seed = 1;
    for (int i = 1; i < argc; i++) {
        bool has_value = i + 1 < argc;
        if (has_value && strcmp(argv[i], "--seconds") == 0)
            seconds = strtod(argv[++i], NULL);
        else if (has_value && strcmp(argv[i], "--rounds") == 0)
            rounds = strtoull(argv[++i], NULL, 10);
        else if (has_value && strcmp(argv[i], "--seed") == 0)
            seed = strtoull(argv[++i], NULL, 10);
        else
            add_file(argv[i]);
    }
    if (corpus_count == 0) {
        fprintf(stderr, "no corpus given\n");
        return 2;
    }
    for (size_t i = 0; i < corpus_count; i++)
        LLVMFuzzerTestOneInput(corpus[i].bytes, corpus[i].size);
    state = seed * 0x9E3779B97F4A7C15u | 1;
    double end = seconds_now() + seconds;
    bool keep_inputs = getenv("HEDDLE_FUZZ_KEEP") != NULL;
    uint64_t done = 0;
    double slowest = 0;
    while (seconds > 0 ? seconds_now() < end : done < rounds) {
        double before = seconds_now();
        run_round(keep_inputs);
        double took = seconds_now() - before;
        slowest = took > slowest ? took : slowest;
        if (++done % 10000 == 0)
            fprintf(stderr, "seed %" PRIu64 ": %" PRIu64 " rounds\n", seed, done);
    }
    printf("seed %" PRIu64 ": %zu files and %" PRIu64 " mutations, slowest %.0f ms\n", seed,
           corpus_count, done, slowest * 1e3);
    for (size_t i = 0; i < corpus_count; i++)
        free(corpus[i].bytes);
    return 0;
}
