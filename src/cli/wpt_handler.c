/* One line of JSON to the process of handlers, one line back:
 *   {"test", "path", "url", "method", "headers": [[name, value], …], "body", "config"}
 *   {"status", "text", "headers": [[name, value], …], "body" (base64), "delay" (seconds)}
 * Text is one character per byte in headers and bodies (Latin-1). */
#include "cli/wpt_handler.h"

#include "cli/wpt_handler_script.h"
#include "cli/wpt_substitute.h"
#include "web/base64.h"

#include <cjson/cJSON.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

/* The process of handlers; both NULL before it started, and when it cannot be had. Under `lock`. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static FILE *to_handlers, *from_handlers;
static unsigned test; /* constant while agents run */

void wpt_handlers_begin(void)
{
    test++;
}

static bool start(const char *folder)
{
    int requests[2] = {-1, -1}, answers[2] = {-1, -1};
    posix_spawn_file_actions_t actions;
    pid_t process;
    char *const arguments[] = {"python3",      "-I", "-S", "-c", (char *)wpt_handler_script,
                               (char *)folder, NULL};
    signal(SIGPIPE, SIG_IGN); /* to a process that ended: fflush tells */
    if (pipe2(requests, O_CLOEXEC) < 0 || pipe2(answers, O_CLOEXEC) < 0)
        return false;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, requests[0], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, answers[1], STDOUT_FILENO);
    bool started = posix_spawnp(&process, "python3", &actions, NULL, arguments, environ) == 0;
    posix_spawn_file_actions_destroy(&actions);
    close(requests[0]);
    close(answers[1]);
    to_handlers = started ? fdopen(requests[1], "w") : NULL;
    from_handlers = started ? fdopen(answers[0], "r") : NULL;
    return to_handlers && from_handlers;
}

/* ---- the line that asks ---- */

static cJSON *latin1(const char *bytes)
{
    buffer text = {0};
    for (; *bytes; bytes++) {
        unsigned char c = (unsigned char)*bytes;
        char pair[2] = {(char)(0xC0 | c >> 6), (char)(0x80 | (c & 0x3F))};
        buffer_add_bytes(&text, c < 0x80 ? bytes : pair, c < 0x80 ? 1 : 2);
    }
    cJSON *value = cJSON_CreateString(buffer_text(&text));
    buffer_release(&text);
    return value;
}

static cJSON *header_pairs(const struct header_list *headers)
{
    cJSON *pairs = cJSON_CreateArray();
    for (size_t i = 0; headers && i < headers->count; i++) {
        cJSON *pair = cJSON_CreateArray();
        cJSON_AddItemToArray(pair, latin1(headers->items[i].name));
        cJSON_AddItemToArray(pair, latin1(headers->items[i].value));
        cJSON_AddItemToArray(pairs, pair);
    }
    return pairs;
}

/* What handlers look up in the configuration of the suite's server. */
static cJSON *configuration(void)
{
    cJSON *all = cJSON_CreateObject(), *ports = cJSON_AddObjectToObject(all, "ports");
    static const char *const schemes[] = {"http", "https", "ws", "wss"};
    cJSON_AddStringToObject(all, "browser_host", WPT_HOST);
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        cJSON *list = cJSON_AddArrayToObject(ports, schemes[i]);
        for (int second = 0; second < 2; second++)
            cJSON_AddItemToArray(list, cJSON_CreateNumber(wpt_port(schemes[i], second)));
    }
    return all;
}

static char *line_of(const char *path, const struct network_request *q)
{
    cJSON *line = cJSON_CreateObject();
    cJSON_AddNumberToObject(line, "test", test);
    cJSON_AddStringToObject(line, "path", path);
    cJSON_AddStringToObject(line, "url", q->url);
    cJSON_AddStringToObject(line, "method", q->method);
    cJSON_AddStringToObject(line, "body", "");
    cJSON_AddItemToObject(line, "headers", header_pairs(q->headers));
    cJSON_AddItemToObject(line, "config", configuration());
    char *text = cJSON_PrintUnformatted(line);
    cJSON_Delete(line);
    return text;
}

/* ---- the line that answers ---- */

static char *bytes_of(const char *text)
{
    char *out = strdup(text ? text : ""), *end = out;
    for (const char *at = out; at && *at; at++) {
        bool pair = (unsigned char)*at >= 0xC0 && at[1];
        *end++ = pair ? (char)(at[0] << 6 | (at[1] & 0x3F)) : *at;
        at += pair;
    }
    if (out)
        *end = 0;
    return out;
}

static void read_headers(const cJSON *pairs, struct header_list *out)
{
    const cJSON *pair;
    cJSON_ArrayForEach(pair, pairs)
    {
        char *name = bytes_of(cJSON_GetStringValue(cJSON_GetArrayItem(pair, 0)));
        char *value = bytes_of(cJSON_GetStringValue(cJSON_GetArrayItem(pair, 1)));
        if (name && value && header_name_is_valid(name))
            header_list_append(out, name, value);
        free(name);
        free(value);
    }
}

static status read_answer(const char *text, struct resource *out)
{
    cJSON *line = cJSON_Parse(text);
    const char *body = cJSON_GetStringValue(cJSON_GetObjectItem(line, "body"));
    buffer bytes = {0};
    if (body && base64_decode(body, strlen(body), &bytes)) {
        buffer_add(&bytes, "");
        out->bytes = bytes.text;
        out->length = bytes.length;
        out->status = (unsigned)cJSON_GetNumberValue(cJSON_GetObjectItem(line, "status"));
        out->status_text = bytes_of(cJSON_GetStringValue(cJSON_GetObjectItem(line, "text")));
        out->delay_ns += (int64_t)(cJSON_GetNumberValue(cJSON_GetObjectItem(line, "delay")) * 1e9);
        read_headers(cJSON_GetObjectItem(line, "headers"), &out->headers);
    }
    cJSON_Delete(line);
    return out->bytes ? STATUS_OK : STATUS_IO;
}

status wpt_handle(const char *folder, const char *path, const struct network_request *q,
                  struct resource *out)
{
    char *line = line_of(path, q), *answer = NULL;
    size_t size = 0;
    status s = STATUS_IO;
    pthread_mutex_lock(&lock);
    if (line && (to_handlers || start(folder)) && fprintf(to_handlers, "%s\n", line) > 0 &&
        fflush(to_handlers) == 0 && getline(&answer, &size, from_handlers) > 0)
        s = read_answer(answer, out);
    pthread_mutex_unlock(&lock);
    if (s != STATUS_OK)
        out->error = strdup("python3, which runs the suite's handlers, does not answer");
    free(line);
    free(answer);
    return s;
}
