#include "litmus/emit.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { INSTANCES = 200 };

/* What every worker has. Instances are views by name; `gate` holds who has come, the round, and the
 * word to stop; `ids` gets the outcome of every instance as a number, whose meaning the worker
 * keeps. */
static const char harness[] =
    "const spell = value => typeof value === \"bigint\" ? `${value}n` : typeof value === "
    "\"string\" ? "
    "JSON.stringify(value)\n"
    "  : Object.is(value, -0) ? \"-0\" : String(value);\n"
    "const inbox = new Map(), waiting = new Map();\n"
    "let ports = {}, instance = 0;\n"
    "function post(channel, value) { ports[channel].postMessage([channel, instance, value]); }\n"
    "function start(agent) { post(`start ${agent}`); }\n"
    "function receive(channel) {\n"
    "  const key = `${channel} ${instance}`, queue = inbox.get(key);\n"
    "  if (queue?.length) return Promise.resolve(queue.shift());\n"
    "  return new Promise(resolve => waiting.set(key, resolve));\n"
    "}\n"
    "function deliver({ data: [channel, number, value] }) {\n"
    "  const key = `${channel} ${number}`, resolve = waiting.get(key);\n"
    "  waiting.delete(key);\n"
    "  if (resolve) resolve(value);\n"
    "  else if (inbox.has(key)) inbox.get(key).push(value);\n"
    "  else inbox.set(key, [value]);\n"
    "}\n"
    "function meet(gate, agents) {\n"
    "  const round = Atomics.load(gate, 1);\n"
    "  if (Atomics.add(gate, 0, 1) + 1 === agents) {\n"
    "    Atomics.store(gate, 0, 0);\n"
    "    Atomics.add(gate, 1, 1);\n"
    "    Atomics.notify(gate, 1);\n"
    "    return;\n"
    "  }\n"
    "  for (let i = 0; i < 2000; i++)\n"
    "    if (Atomics.load(gate, 1) !== round) return;\n"
    "  while (Atomics.load(gate, 1) === round) Atomics.wait(gate, 1, round);\n"
    "}\n"
    "function number(meanings, row) {\n"
    "  const text = row.map(spell).join(\"|\");\n"
    "  if (!meanings.has(text)) meanings.set(text, meanings.size);\n"
    "  return meanings.get(text);\n"
    "}\n"
    "function reset(views, first) {\n"
    "  for (const name in views) new Uint8Array(views[name].buffer).set(first[name]);\n"
    "}\n"
    "onmessage = async ({ data: { instances, gate, ids, agent, agents, first, seconds, count, "
    "channels } "
    "}) => {\n"
    "  const meanings = new Map(), finals = new Map(), counts = new Map(), begin = "
    "performance.now();\n"
    "  ports = channels;\n"
    "  for (const name in ports) ports[name].onmessage = deliver;\n"
    "  let iterations = 0;\n"
    "  for (;;) {\n"
    "    meet(gate, agents);\n"
    "    if (Atomics.load(gate, 2)) break;\n"
    "    await round(instances, ids[agent], meanings);\n"
    "    inbox.clear();\n"
    "    meet(gate, agents);\n"
    "    if (agent > 0) continue;\n"
    "    for (let i = 0; i < instances.length; i++) {\n"
    "      const key = `${ids.map(id => id[i]).join(\" \")} ${number(finals, "
    "last(instances[i]))}`;\n"
    "      counts.set(key, (counts.get(key) ?? 0) + 1);\n"
    "      reset(instances[i], first);\n"
    "    }\n"
    "    iterations += instances.length;\n"
    "    if (performance.now() - begin >= seconds * 1000 && iterations >= count) "
    "Atomics.store(gate, 2, 1);\n"
    "  }\n"
    "  postMessage({ agent, iterations, meanings: [...meanings.keys()], finals: "
    "[...finals.keys()], counts: "
    "[...counts] });\n"
    "};\n";

static void indent(const char *text, unsigned blanks, buffer *out)
{
    while (*text != '\0') {
        size_t length = strcspn(text, "\n");
        buffer_add_repeated(out, ' ', blanks);
        buffer_add_bytes(out, text, length);
        buffer_add(out, "\n");
        text += length + (text[length] == '\n');
    }
}

static void add_view_names(const litmus_program *p, buffer *out)
{
    buffer_add(out, "{ ");
    for (size_t i = 0; i < p->view_count; i++)
        buffer_format(out, "%s%s", i > 0 ? ", " : "", p->views[i].name);
    buffer_add(out, " }");
}

static bool listens(const litmus_program *p, size_t agent)
{
    const litmus_agent *a = &p->agents[agent];
    bool found = a->started;
    for (size_t i = 0; i < a->step_count; i++)
        found = found || a->steps[i].code == CODE_RECEIVE;
    return found;
}

/* function run({x, y}) { the agent's text; return [its registers]; } and what the observer reads.
 */
static void add_agent(const litmus_program *p, size_t agent, buffer *out)
{
    const litmus_agent *a = &p->agents[agent];
    bool async = listens(p, agent);
    buffer_format(out, "%sfunction run(", async ? "async " : "");
    add_view_names(p, out);
    buffer_add(out, ") {\n");
    if (a->started)
        buffer_format(out, "  await receive(\"start %s\");\n", a->name);
    indent(a->text, 2, out);
    buffer_add(out, "  return [");
    const char *separator = "";
    for (size_t i = 0; i < p->slot_count; i++)
        if (!p->slots[i].final && p->slots[i].agent == agent) {
            buffer_format(out, "%s%s", separator, a->registers[p->slots[i].reg].name);
            separator = ", ";
        }
    buffer_add(out, "];\n}\nfunction last(");
    add_view_names(p, out);
    buffer_add(out, ") {\n  return [");
    separator = "";
    for (size_t i = 0; i < p->slot_count; i++)
        if (p->slots[i].final) {
            buffer_format(out, "%s%s", separator, p->slots[i].name);
            if (p->views[p->slots[i].read.place.view].data_view && !p->slots[i].read.big_endian) {
                out->text[--out->length] = '\0'; /* the bracket */
                buffer_add(out, ", true)");
            }
            separator = ", ";
        }
    buffer_format(out,
                  "];\n}\n%sfunction round(instances, ids, meanings) {\n"
                  "  for (instance = 0; instance < instances.length; instance++)\n"
                  "    ids[instance] = number(meanings, %srun(instances[instance]));\n}\n",
                  async ? "async " : "", async ? "await " : "");
}

/* Who holds which end of which channel: name, sender, receiver. */
static size_t user_of(const litmus_program *p, size_t channel, unsigned code)
{
    for (size_t a = 1; a < p->agent_count; a++)
        for (size_t i = 0; i < p->agents[a].step_count; i++)
            if (p->agents[a].steps[i].code == code && p->agents[a].steps[i].place.block == channel)
                return a;
    return 0;
}

static void add_channel(const char *name, size_t from, size_t to, buffer *out)
{
    if (from > 0 && to > 0)
        buffer_format(out, "connect(\"%s\", %zu, %zu);\n", name, from - 1, to - 1);
}

static void add_channels(const litmus_program *p, buffer *out)
{
    for (size_t c = 0; c < p->channel_count; c++)
        add_channel(p->channels[c], user_of(p, c, CODE_POST), user_of(p, c, CODE_RECEIVE), out);
    for (size_t a = 1; a < p->agent_count; a++) {
        buffer name = {0};
        buffer_format(&name, "start %s", p->agents[a].name);
        if (p->agents[a].started)
            add_channel(buffer_text(&name), user_of(p, a, CODE_START), a, out);
        buffer_release(&name);
    }
}

static void add_page(const litmus_program *p, double seconds, uint64_t count, buffer *out)
{
    size_t agents = p->agent_count - 1;
    buffer_add(out, "function setup() {\n");
    indent(p->setup_text, 2, out);
    buffer_add(out, "  return ");
    add_view_names(p, out);
    buffer_format(
        out,
        ";\n}\n"
        "const instances = Array.from({ length: %d }, setup), first = {}, channels = [], answers = "
        "[];\n"
        "for (const name in instances[0]) first[name] = new "
        "Uint8Array(instances[0][name].buffer).slice();\n"
        "const gate = new Int32Array(new SharedArrayBuffer(12));\n"
        "const ids = Array.from({ length: %zu }, () => new Int32Array(new "
        "SharedArrayBuffer(%d)));\n"
        "for (let i = 0; i < %zu; i++) channels.push({});\n"
        "function connect(name, from, to) {\n"
        "  const { port1, port2 } = new MessageChannel();\n"
        "  channels[from][name] = port1;\n"
        "  channels[to][name] = port2;\n"
        "}\n",
        INSTANCES, agents, INSTANCES * 4, agents);
    add_channels(p, out);
    buffer_format(
        out,
        "for (let agent = 0; agent < %zu; agent++) {\n"
        "  const worker = new Worker(`agent${agent}.js`, { name: `agent ${agent}` });\n"
        "  worker.onmessage = ({ data }) => { answers[data.agent] = data; if "
        "(answers.filter(Boolean).length === %zu) report(); };\n"
        "  worker.postMessage({ instances, gate, ids, agent, agents: %zu, first, seconds: %g, "
        "count: %llu, channels: channels[agent] },\n"
        "    Object.values(channels[agent]));\n"
        "}\n"
        "function report() {\n"
        "  for (const [key, count] of answers[0].counts) {\n"
        "    const parts = key.split(\" \");\n"
        "    const values = answers.map((answer, i) => answer.meanings[parts[i]]);\n"
        "    values.push(answers[0].finals[parts[%zu]]);\n"
        "    console.log(`outcome ${count} ${values.filter(text => text !== \"\").join(\"|\")}`);\n"
        "  }\n"
        "  console.log(`iterations ${answers[0].iterations}`);\n"
        "}\n",
        agents, agents, agents, seconds, (unsigned long long)count, agents);
}

void litmus_emit(const litmus_program *p, double seconds, uint64_t iterations, buffer *out)
{
    buffer script = {0};
    buffer_format(out, "title: %s\nclock: real\nlimits: {time_ms: %llu}\nfiles:\n",
                  "a litmus program", (unsigned long long)(seconds * 1000) + 600000);
    for (size_t a = 1; a < p->agent_count; a++) {
        buffer_clear(&script);
        add_agent(p, a, &script);
        buffer_format(out, "  agent%zu.js: |\n", a - 1);
        indent(harness, 4, out);
        indent(buffer_text(&script), 4, out);
    }
    buffer_clear(&script);
    add_page(p, seconds, iterations, &script);
    buffer_add(out, "windows:\n  page: |\n");
    indent(buffer_text(&script), 4, out);
    buffer_release(&script);
}

/* ---- what comes back ---- */

/* The value up to | or the end. */
static bool read_value(const char **text, litmus_value *v)
{
    char word[80];
    size_t length = strcspn(*text, "|");
    char *end = word;
    if (length == 0 || length >= sizeof word)
        return false;
    memcpy(word, *text, length);
    word[length] = '\0';
    *text += length + ((*text)[length] == '|');
    static const char *const answers[] = {"\"ok\"", "\"not-equal\"", "\"timed-out\""};
    for (unsigned i = 0; i < 3; i++)
        if (strcmp(word, answers[i]) == 0) {
            *v = litmus_answer((litmus_text)i);
            return true;
        }
    if (strcmp(word, "undefined") == 0) {
        *v = (litmus_value){.kind = LITMUS_UNDEFINED};
    } else if (strcmp(word, "true") == 0 || strcmp(word, "false") == 0) {
        *v = litmus_boolean(word[0] == 't');
    } else if (word[length - 1] == 'n') {
        bool negative = word[0] == '-';
        *v = litmus_bigint(negative, strtoull(word + negative, &end, 10));
        return end == word + length - 1;
    } else {
        *v = litmus_number(strcmp(word, "NaN") == 0 ? (double)NAN : strtod(word, &end));
        return strcmp(word, "NaN") == 0 || *end == '\0';
    }
    return true;
}

bool litmus_emit_read(const litmus_program *p, const char *line, litmus_value *slots,
                      uint64_t *count)
{
    char *text;
    if (strncmp(line, "outcome ", 8) != 0)
        return false;
    errno = 0;
    *count = strtoull(line + 8, &text, 10);
    if (errno != 0 || *text != ' ')
        return false;
    const char *rest = text + 1;
    for (size_t i = 0; i < p->slot_count; i++)
        if (!read_value(&rest, &slots[i]))
            return false;
    return *rest == '\0';
}
