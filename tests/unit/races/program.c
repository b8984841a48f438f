/* Many short-lived workers that message, meet at barriers, make blobs, wait and notify, and end each other: drives the modules
 * of agents and the web, of which one is weakened. */
#include "../web/program_run.h"

#include <stdio.h>
#include <stdlib.h>

static const char script[] =
    "const code = `"
    "  const own = () => URL.revokeObjectURL(URL.createObjectURL(new Blob(['x'])));"
    "  onmessage = ({ data: { cells, role } }) => {"
    "    if (role == 'sleep') {"
    "      for (let i = 0; i < 200; i++) Atomics.waitAsync(cells, 0, 0);"
    "      postMessage('asleep');"
    "      close();" /* what is settled from now on is dropped by whoever notifies */
    "      heddle.spinFor(5);"
    "    } else if (role == 'wake') {"
    "      while (Atomics.notify(cells, 0, 1));"
    "      close();"
    "    } else {"
    "      for (let i = 0; i < 20; i++) own();"
    "      heddle.barrier('met', 4);"
    "      postMessage(role);"
    "      close();"
    "    }"
    "  };"
    "`;"
    "const url = URL.createObjectURL(new Blob([code]));"
    "const cells = new Int32Array(new SharedArrayBuffer(16));"
    "let ended = 0;"
    "function crew() {"
    "  let answers = 0;"
    "  for (let i = 0; i < 4; i++) {"
    "    const worker = new Worker(url, { name: 'w' + i });"
    "    worker.postMessage({ role: 'meet'.repeat(100) });"
    "    worker.onmessage = () => { if (++answers == 4 && ++ended < 10) crew(); };"
    "  }"
    "  const sleepers = Array.from({ length: 4 }, () => new Worker(url)), waker = new Worker(url);"
    "  let asleep = 0;"
    "  for (const sleeper of sleepers) {"
    "    sleeper.postMessage({ cells, role: 'sleep' });"
    "    sleeper.onmessage = () => {"
    "      if (++asleep < sleepers.length) return;"
    "      waker.postMessage({ cells, role: 'wake' });"
    "    };"
    "  }"
    "}"
    "crew();";

int main(void)
{
    char *output = program_run(script);
    fputs(output, stdout);
    int failed = *output != 0;
    free(output);
    return failed;
}
