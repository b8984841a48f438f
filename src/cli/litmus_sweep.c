/* heddle litmus sweep, generate and all. */
#include "cli/litmus.h"

#include "cli/cli.h"
#include "litmus/generate.h"
#include "litmus/interleave.h"
#include "litmus/sweep.h"
#include "platform/clock.h"
#include "scenario/expect.h"
#include "scenario/folder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t width_of(const char *text)
{
    size_t width = 0;
    for (; *text != '\0'; text++)
        width += ((unsigned char)*text & 0xC0) != 0x80;
    return width;
}

static void print(const buffer *text)
{
    fwrite(buffer_text(text), 1, text->length, stdout);
    fflush(stdout);
}

/* ---- sweep ---- */

static void add_accesses(const litmus_program *p, const litmus_sweep *s, size_t way, buffer *out)
{
    size_t count = 0;
    for (size_t i = 0; i < s->access_count; i++) {
        if (!(way >> i & 1))
            continue;
        buffer_add(out, count++ > 0 ? ", " : "");
        litmus_swept_write(p, &s->accesses[i], out);
    }
    if (count == 0)
        buffer_add(out, "none: it is forbidden as it is");
    else if (count == s->access_count)
        buffer_add(out, " (all of them)");
}

static void add_ways(const litmus_program *p, const litmus_sweep *s, buffer *out)
{
    buffer name = {0};
    buffer_add(out, "  ");
    size_t widths[LITMUS_SWEPT];
    for (size_t i = 0; i < s->access_count; i++) {
        buffer_clear(&name);
        litmus_swept_write(p, &s->accesses[i], &name);
        widths[i] = width_of(buffer_text(&name));
        buffer_format(out, "%s  ", buffer_text(&name));
    }
    buffer_add(out, "│ outcome    data race\n");
    for (size_t w = 0; w < s->way_count; w++) {
        const litmus_way *way = &s->ways[w];
        buffer_add(out, "  ");
        for (size_t i = 0; i < s->access_count; i++) {
            const char *word = w >> i & 1 ? "atomic" : "plain";
            if (w >> i & 1)
                litmus_report_paint(out, LITMUS_BOLD, word);
            else
                buffer_add(out, word);
            buffer_add_repeated(out, ' ', widths[i] + 2 - strlen(word));
        }
        buffer_format(out, "│ %-9s  %-3s", way->allowed ? "allowed" : "forbidden",
                      way->racy ? "yes" : "no");
        if (way->minimal)
            litmus_report_paint(out, LITMUS_GREEN, "  ← the least");
        buffer_add(out, "\n");
    }
    buffer_release(&name);
}

static const litmus_question *question_of(const litmus_program *p)
{
    for (size_t i = 0; i < p->question_count; i++)
        if (p->questions[i].kind != LITMUS_ALWAYS)
            return &p->questions[i];
    return NULL;
}

static void report_sweep(const litmus_program *p, const litmus_question *q, const litmus_sweep *s,
                         double seconds, bool table)
{
    buffer out = {0};
    if (!table) {
        buffer_format(&out,
                      "%s · %s\n\nMay this happen: %s?\n%zu accesses, %zu ways to make them plain "
                      "or atomic.\n\n",
                      p->name, p->title, q->text, s->access_count, s->way_count);
        if (s->way_count <= 256)
            add_ways(p, s, &out);
        buffer_format(&out, "\n%zu of %zu ways forbid it", s->forbidding, s->way_count);
        buffer_add(&out, s->minimal > 0 ? ". The least that has to be atomic:\n" : ".\n");
        for (size_t w = 0; w < s->way_count; w++)
            if (s->ways[w].minimal) {
                buffer_add(&out, "  • ");
                add_accesses(p, s, w, &out);
                buffer_add(&out, "\n");
            }
    } else {
        buffer_format(&out, "%-26s %5zu %10zu %8zu %8.2f ms  ", p->name, s->way_count,
                      s->forbidding, s->minimal, seconds * 1e3);
        size_t first = 0;
        while (first < s->way_count && !s->ways[first].minimal)
            first++;
        if (first < s->way_count)
            add_accesses(p, s, first, &out);
        if (s->minimal > 1)
            buffer_format(&out, " · or %zu others", s->minimal - 1);
        buffer_add(&out, "\n");
    }
    print(&out);
    buffer_release(&out);
}

static int sweep_program(const litmus_program *p, bool table, double *total, size_t *checks)
{
    load_errors errors = {0};
    const litmus_question *q = question_of(p);
    if (q == NULL && table)
        return EXIT_HOLDS;
    if (q == NULL) {
        fprintf(stderr, "heddle litmus sweep: %s asks for no outcome (exists or forbidden)\n",
                p->file);
        return EXIT_INVALID;
    }
    region *memory = region_create();
    litmus_sweep s;
    int64_t start = clock_monotonic();
    status result = litmus_sweep_run(p, q, memory, &s, &errors);
    double seconds = (double)(clock_monotonic() - start) / 1e9;
    if (result == STATUS_OK)
        report_sweep(p, q, &s, seconds, table);
    else if (result == STATUS_LIMIT)
        fprintf(stderr, "heddle litmus sweep: %s has more than %d accesses\n", p->file,
                LITMUS_SWEPT);
    *total += seconds;
    *checks += s.way_count;
    litmus_print_errors(&errors);
    region_free(memory);
    return result == STATUS_OK ? EXIT_HOLDS : result == STATUS_LIMIT ? EXIT_BOUND : EXIT_INVALID;
}

static litmus_program *program_of_shape(const char *name)
{
    const char *const *edges = litmus_shape(name);
    size_t count = 0;
    char error[200];
    buffer text = {0};
    load_errors errors = {0};
    if (edges == NULL)
        return NULL;
    while (count < 8 && edges[count] != NULL)
        count++;
    litmus_program *p = NULL;
    if (litmus_generate(edges, count, name, false, &text, error, sizeof error) == STATUS_OK)
        p = litmus_program_read(name, buffer_text(&text), text.length, &errors);
    litmus_print_errors(&errors);
    buffer_release(&text);
    return p;
}

static int sweep_one(const char *path, bool table, double *total, size_t *checks)
{
    litmus_program *p = program_of_shape(path);
    if (p == NULL)
        p = litmus_load(path);
    int code = p == NULL ? EXIT_INVALID : sweep_program(p, table, total, checks);
    litmus_program_free(p);
    return code;
}

int litmus_sweep_command(int count, char **arguments)
{
    region *memory = region_create();
    int code = EXIT_HOLDS;
    double total = 0;
    size_t checks = 0;
    bool table = count > 2;
    for (int i = 1; i < count; i++) {
        text_list files = {0};
        bool shape = litmus_shape(arguments[i]) != NULL;
        if (arguments[i][0] == '-') {
            region_free(memory);
            return cli_usage_error(
                "litmus", "sweep takes names of shapes, files and folders, not '%s'", arguments[i]);
        }
        if (!shape)
            folder_list_litmus(memory, arguments[i], &files);
        table = table || files.count > 1;
        if (table && checks == 0)
            puts("name                        ways  forbidden  minimal        time  the least that "
                 "forbids its outcome");
        for (size_t k = 0; k < files.count; k++)
            code = exit_code_worse(code, sweep_one(files.items[k], table, &total, &checks));
        if (shape || files.count == 0)
            code = exit_code_worse(code, sweep_one(arguments[i], table, &total, &checks));
    }
    region_free(memory);
    if (count == 1)
        return cli_usage_error("litmus",
                               "sweep: name a shape (SB, MP, IRIW, …), a file or a folder");
    if (table)
        printf("\n%zu programs checked in %.2f s\n", checks, total);
    return code;
}

/* ---- generate ---- */

int litmus_generate_command(int count, char **arguments)
{
    char error[200];
    buffer text = {0};
    bool atomic = false;
    const char *edges[32];
    size_t edge_count = 0;
    for (int i = 1; i < count && edge_count < 32; i++) {
        if (strcmp(arguments[i], "--atomic") == 0) {
            atomic = true;
            continue;
        }
        const char *const *shape = litmus_shape(arguments[i]);
        if (shape == NULL)
            edges[edge_count++] = arguments[i];
        for (size_t k = 0; shape != NULL && k < 8 && shape[k] != NULL; k++)
            edges[edge_count++] = shape[k];
    }
    const char *name =
        count == 2 + atomic && litmus_shape(arguments[1]) ? arguments[1] : "generated";
    if (litmus_generate(edges, edge_count, name, atomic, &text, error, sizeof error) != STATUS_OK) {
        buffer_release(&text);
        return cli_usage_error("litmus", "generate: %s", error);
    }
    print(&text);
    buffer_release(&text);
    return EXIT_HOLDS;
}

/* ---- all programs ---- */

struct census {
    size_t programs, race_free, weak, weak_on_x86, outcomes, contradictions, most;
    bool failed;
};

static bool visit(void *context, const buffer *text)
{
    struct census *c = context;
    load_errors errors = {0};
    region *memory = region_create();
    litmus_result r;
    litmus_program *p = litmus_program_read("all", buffer_text(text), text->length, &errors);
    c->failed = p == NULL || litmus_check(p, NULL, memory, &r, &errors) != STATUS_OK;
    if (!c->failed) {
        bool weak = false, shown = false;
        litmus_interleave(&r, LITMUS_SEQUENTIAL, 0, NULL);
        litmus_interleave(&r, LITMUS_X86, 0, NULL);
        for (size_t i = 0; i < r.count; i++) {
            weak |= !r.outcomes[i].sequential;
            shown |= !r.outcomes[i].sequential && r.outcomes[i].on_x86;
        }
        c->programs++;
        c->race_free += !r.racy;
        c->weak += weak;
        c->weak_on_x86 += shown;
        c->contradictions += weak && !r.racy;
        c->outcomes += r.count;
        c->most = r.count > c->most ? r.count : c->most;
    }
    litmus_print_errors(&errors);
    region_free(memory);
    litmus_program_free(p);
    return !c->failed;
}

int litmus_all_command(int count, char **arguments)
{
    litmus_bound bound = {2, 2, 2};
    for (int i = 1; i < count; i += 2) {
        unsigned *number = strcmp(arguments[i], "--agents") == 0     ? &bound.agents
                           : strcmp(arguments[i], "--accesses") == 0 ? &bound.accesses
                           : strcmp(arguments[i], "--cells") == 0    ? &bound.cells
                                                                     : NULL;
        unsigned long value =
            number != NULL && i + 1 < count ? strtoul(arguments[i + 1], NULL, 10) : 0;
        if (value < 1 || value > 4)
            return cli_usage_error("litmus",
                                   "all takes --agents, --accesses and --cells, each from 1 to 4");
        *number = (unsigned)value;
    }
    struct census c = {0};
    int64_t start = clock_monotonic();
    litmus_generate_all(&bound, visit, &c);
    printf("Every program of %u agents with 1 to %u accesses each to %u cells, plain or atomic:\n\n"
           "  %9zu programs that read something\n"
           "  %9zu free of data races\n"
           "  %9zu with outcomes that are not sequentially consistent\n"
           "  %9zu of them show such outcomes on x86\n"
           "  %9zu free of data races and not sequentially consistent (there must be none)\n"
           "  %9zu outcomes in all, at most %zu of one program\n\n"
           "%.2f s\n",
           bound.agents, bound.accesses, bound.cells, c.programs, c.race_free, c.weak,
           c.weak_on_x86, c.contradictions, c.outcomes, c.most,
           (double)(clock_monotonic() - start) / 1e9);
    return c.failed || c.contradictions > 0 ? EXIT_FINDING : EXIT_HOLDS;
}
