#include "cli/cli.h"

#include "scenario/load.h"

#include <stdio.h>

int cli_schema(int count, char **arguments)
{
    buffer text = {0};
    (void)arguments;
    if (count > 1)
        return cli_usage_error("schema", "takes no arguments");
    scenario_write_schema(&text);
    fwrite(text.text, 1, text.length, stdout);
    buffer_release(&text);
    return 0;
}
