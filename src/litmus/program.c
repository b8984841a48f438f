#include "litmus/parser.h"
#include "litmus/read.h"

#include <string.h>

void litmus_program_free(litmus_program *p)
{
    if (p != NULL)
        region_free(p->memory);
}

bool litmus_question_holds(const litmus_question *q, const litmus_value *slots, size_t slot_count)
{
    litmus_value registers[LITMUS_REGISTERS] = {{0}};
    memcpy(registers, slots, slot_count * sizeof *slots);
    for (const litmus_step *s = q->steps;; s++) {
        switch (s->code) {
        case CODE_CONSTANT:
            registers[s->target] = s->constant;
            break;
        case CODE_MOVE:
            registers[s->target] = registers[s->left];
            break;
        case CODE_OPERATE: {
            litmus_value v;
            if (!litmus_operate(s->operation, registers[s->left], registers[s->right], &v))
                v = litmus_boolean(false);
            registers[s->target] = v;
            break;
        }
        case CODE_JUMP:
            s = q->steps + s->destination - 1;
            break;
        case CODE_JUMP_IF_FALSE:
        case CODE_JUMP_IF_TRUE:
            if (litmus_truth(registers[s->left]) == (s->code == CODE_JUMP_IF_TRUE))
                s = q->steps + s->destination - 1;
            break;
        default:
            return litmus_truth(registers[q->result]);
        }
    }
}

void litmus_place_write(const litmus_program *p, const litmus_step *step, uint32_t offset,
                        buffer *out)
{
    const litmus_view *v = &p->views[step->place.view];
    const litmus_element_facts *facts = &litmus_elements[step->element];
    unsigned index = (offset - v->offset) / (v->data_view ? 1 : facts->size);
    if (v->data_view)
        buffer_format(out, "%s.%s%s(%u)", v->name, step->code == CODE_WRITE ? "set" : "get",
                      facts->name, index);
    else
        buffer_format(out, "%s[%u]", v->name, index);
}

/* "r0=0, r1=1" as people write outcomes: every single = becomes ===, and commas or blanks between
 * two such terms become &&. What is JavaScript already stays as it is. */
static char *spell_out(region *memory, const char *text)
{
    buffer b = {0};
    bool simple =
        strchr(text, '=') != NULL && strstr(text, "==") == NULL && strpbrk(text, "<>!&|?(") == NULL;
    bool value = false; /* behind an = and its value */
    for (const char *c = text; *c != '\0'; c++) {
        if (!simple) {
            buffer_add_bytes(&b, c, 1);
        } else if (*c == '=') {
            buffer_add(&b, " === ");
            while (c[1] == ' ')
                c++;
            value = true;
        } else if (value && strchr(" ,;", *c) != NULL) {
            while (c[1] != '\0' && strchr(" ,;", c[1]) != NULL)
                c++;
            if (c[1] != '\0')
                buffer_add(&b, " && ");
            value = false;
        } else {
            buffer_add_bytes(&b, c, 1);
        }
    }
    char *result = region_text(memory, buffer_text(&b));
    buffer_release(&b);
    return result;
}

/* Compiles a condition with the parser; it may add final slots while the program is being read. */
static bool read_question(litmus_program *p, const litmus_source *source, litmus_question *q,
                          load_errors *errors)
{
    litmus_parser parser;
    litmus_agent code = {.steps = region_allocate(p->memory, LITMUS_STEPS * sizeof *code.steps)};
    parser_start(&parser, p, source, errors);
    parser.agent = &code;
    parser.question = true;
    parser.next_register = LITMUS_SLOTS; /* the first are the slots */
    unsigned result = parser_expression(&parser, -1);
    if (parser.token.kind != TOKEN_END)
        parser_expected(&parser, "the end of the condition");
    parser_emit(&parser, CODE_END, &parser.token);
    q->steps = code.steps;
    q->result = (uint8_t)result;
    return !parser.lexer.failed;
}

bool litmus_program_add_question(litmus_program *p, litmus_question_kind kind,
                                 const litmus_source *source, load_errors *errors)
{
    if (p->question_count == LITMUS_QUESTIONS) {
        load_error_add(errors, p->file, source->line, source->column, "more than %d questions",
                       LITMUS_QUESTIONS);
        return false;
    }
    litmus_question *q = &p->questions[p->question_count];
    *q = (litmus_question){.kind = kind,
                           .text = region_copy(p->memory, source->text, source->length),
                           .where = {p->file, source->line, source->column}};
    if (!read_question(p, source, q, errors))
        return false;
    p->question_count++;
    return true;
}

bool litmus_question_read(const litmus_program *p, const char *text, litmus_question *question,
                          load_errors *errors)
{
    litmus_program copy = *p; /* may gain no slots that the outcome does not have */
    char *spelled = spell_out(p->memory, text);
    litmus_source source = {spelled, strlen(spelled), 1, 1, 1};
    copy.file = "condition";
    *question = (litmus_question){.text = spelled, .where = {copy.file, 1, 1}};
    if (!read_question(&copy, &source, question, errors))
        return false;
    if (copy.slot_count == p->slot_count)
        return true;
    load_error_add(errors, copy.file, 1, 1, "the file does not ask for the final value of %s",
                   copy.slots[p->slot_count].name);
    return false;
}
