#include "cli/cli.h"

#include "scenario/expect.h"
#include "scenario/load.h"

#include <stdio.h>
#include <string.h>

int cli_schema(int count, char **arguments)
{
    buffer text = {0};
    if (count == 2 && !strcmp(arguments[1], "--help")) {
        puts("Usage: heddle schema\n\nPrints the JSON Schema of scenario files, for editors that "
             "complete and check YAML.");
        return EXIT_HOLDS;
    }
    if (count > 1)
        return cli_usage_error("schema", "takes no arguments");
    scenario_write_schema(&text);
    fwrite(text.text, 1, text.length, stdout);
    buffer_release(&text);
    return EXIT_HOLDS;
}
