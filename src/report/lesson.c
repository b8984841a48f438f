#include "report/lesson.h"

#include <string.h>

#define MARGIN 2u
#define LABEL 9u /* "beware" and a gap */
#define WIDEST 96u
#define NARROWEST 40u

/* ---- setting text ---- */

static uint32_t columns(const char *text, size_t length)
{
    uint32_t count = 0;
    for (size_t i = 0; i < length; i++)
        count += ((unsigned char)text[i] & 0xC0) != 0x80;
    return count;
}

static uint32_t text_columns(const struct lesson_style *style)
{
    uint32_t width = style->width == 0 || style->width > WIDEST ? WIDEST : style->width;
    return width < NARROWEST ? NARROWEST : width;
}

static void add_coloured(const struct lesson_style *style, const char *code, const char *text, buffer *out)
{
    buffer_format(out, style->colours ? "\033[%sm%s\033[0m" : "%.0s%s", code, text);
}

/* A line feed begins a new line where what follows is set in, or empty: lists and code keep their lines. */
static bool breaks_here(const char *at)
{
    return at[0] == '\n' && (at[1] == '\n' || at[1] == ' ');
}

/* Words are put one after the other, `indent` columns from the left; the first line is begun by the caller. */
static void set_words(const char *text, uint32_t indent, uint32_t width, buffer *out)
{
    uint32_t column = indent;
    bool first = true;
    while (*text != '\0') {
        if (breaks_here(text)) {
            buffer_add(out, "\n");
            text += strspn(text, "\n");
            size_t deeper = strspn(text, " ");
            column = indent + (uint32_t)deeper;
            buffer_add_repeated(out, ' ', column);
            text += deeper;
            first = true;
            continue;
        }
        if (*text == ' ' || *text == '\n') {
            text++;
            continue;
        }
        size_t length = strcspn(text, " \n");
        uint32_t wide = columns(text, length);
        if (!first && column + 1 + wide > width) {
            buffer_add(out, "\n");
            buffer_add_repeated(out, ' ', indent);
            column = indent;
            first = true;
        }
        if (!first)
            buffer_add(out, " ");
        buffer_add_bytes(out, text, length);
        column += wide + !first;
        first = false;
        text += length;
    }
    buffer_add(out, "\n");
}

static void set_paragraphs(text_list list, uint32_t indent, const struct lesson_style *style, buffer *out)
{
    for (size_t i = 0; i < list.count; i++) {
        if (i > 0)
            buffer_add_repeated(out, ' ', indent);
        set_words(list.items[i], indent, text_columns(style), out);
    }
}

/* ---- a lesson ---- */

static const char *mark_in_words(plan_mark mark)
{
    static const char *const words[] = {
        "",
        "✓ the seed text agrees with the standards",
        "~ the seed text holds under a condition that it leaves out",
        "✗ the seed text is wrong here",
    };
    return words[mark];
}

static void write_source(const plan *p, const struct lesson_style *style, buffer *out)
{
    buffer line = {0};
    buffer_add(&line, p->file);
    for (size_t i = 0; i < p->seeds.count; i++)
        buffer_format(&line, "%s%s", i == 0 ? " · from " : ", ", p->seeds.items[i]);
    if (p->mark != PLAN_MARK_NONE)
        buffer_format(&line, " · %s", mark_in_words(p->mark));
    add_coloured(style, "2", buffer_text(&line), out);
    buffer_add(out, "\n");
    buffer_release(&line);
}

static void write_field(const char *label, text_list list, const struct lesson_style *style, buffer *out)
{
    if (list.count == 0)
        return;
    buffer_add(out, "\n");
    buffer_add_repeated(out, ' ', MARGIN);
    add_coloured(style, "1", label, out);
    buffer_add_repeated(out, ' ', LABEL - columns(label, strlen(label)));
    set_paragraphs(list, MARGIN + LABEL, style, out);
}

static void write_taught(const plan *p, const struct lesson_style *style, buffer *out)
{
    if (p->teaches.count > 0)
        buffer_add(out, "\n");
    for (size_t i = 0; i < p->teaches.count; i++)
        lesson_write_entry(syllabus_find(p->teaches.items[i]), style, out);
}

void lesson_write(const plan *p, const struct lesson_style *style, buffer *out)
{
    add_coloured(style, "1", p->title, out);
    buffer_add(out, "\n");
    write_source(p, style, out);
    if (p->about.count > 0) {
        buffer_add(out, "\n");
        buffer_add_repeated(out, ' ', MARGIN);
        set_paragraphs(p->about, MARGIN, style, out);
    }
    for (plan_lesson l = 0; l < PLAN_LESSON_COUNT; l++)
        write_field(plan_lesson_name(l), p->lessons[l], style, out);
    write_taught(p, style, out);
    buffer_format(out, "\n  ");
    add_coloured(style, "2", "watch it   heddle run ", out);
    add_coloured(style, "2", p->file, out);
    buffer_add(out, "\n");
}

void lesson_write_entry(const syllabus_entry *entry, const struct lesson_style *style, buffer *out)
{
    buffer number = {0};
    buffer_format(&number, "%u", entry->number);
    buffer_add_repeated(out, ' ', MARGIN);
    add_coloured(style, "1", buffer_text(&number), out);
    buffer_add_repeated(out, ' ', LABEL - columns(buffer_text(&number), number.length));
    buffer text = {0};
    buffer_format(&text, "%s · %c. %s %s", entry->concept, entry->section, syllabus_section_title(entry->section),
                  plan_mark_text(entry->mark));
    set_words(buffer_text(&text), MARGIN + LABEL, text_columns(style), out);
    buffer_release(&text);
    buffer_release(&number);
}
