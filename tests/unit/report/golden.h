/* The texts that reports are compared with, byte for byte: what a reader gets to see. */
#ifndef HEDDLE_TESTS_UNIT_REPORT_GOLDEN_H
#define HEDDLE_TESTS_UNIT_REPORT_GOLDEN_H

/* clang-format off */
#define HOLDS_TEXT \
    "Two at a gate · gate.yaml\n" \
    "\n" \
    "page    window           │ ready\n" \
    "page    window           │ counter is 2000\n" \
    "\n" \
    "✓ holds · all 3 expectations · 1 agent · 12 ms · seed 7\n" \
    "  checked the whole log in order (2), shared cells (1), undeclared findings\n" \
    "  race detection off: not asked for\n"

#define FAILS_TEXT \
    "Two at a gate · scenarios/a gate.yaml\n" \
    "\n" \
    "page    window           │ ready\n" \
    "left    dedicated-worker │ warning: two\n" \
    "                         │          lines\n" \
    "page    window           │ error: bell ␇ and tab\t.\n" \
    "page    window           │ uncaught-error: TypeError: no\n" \
    "                         │   at scenarios/a gate.yaml:6:9\n" \
    "                         │   at f (scenarios/a gate.yaml:6:9)\n" \
    "                         │   at <anonymous>\n" \
    "                         │ deadlock: 2 agents are blocked for ever\n" \
    "                         │   left  waits in Atomics.wait at scenarios/a gate.yaml:6:9\n" \
    "                         │         on cell \"gate\" (block 1, byte 4, value 1), since 12.003 ms\n" \
    "                         │   page  waits\n" \
    "                         │         since 0.001 ms\n" \
    "\n" \
    "✗ fails · 1 of 3 expectations not met · 2 undeclared findings · 2 agents · 1 shared block · 2.34 s · seed 7\n" \
    "\n" \
    "  ✗ log line 2 · scenarios/a gate.yaml:10:7 · shows 164\n" \
    "    after     page: ready\n" \
    "    expected  page: counter is 2000\n" \
    "    got       left: two↵lines\n" \
    "\n" \
    "  ✗ uncaught-error · found, but the scenario does not declare it\n" \
    "    page: TypeError: no\n" \
    "\n" \
    "  ✗ deadlock · found, but the scenario does not declare it\n" \
    "    2 agents are blocked for ever\n" \
    "\n" \
    "  checked the whole log in order (2), shared cells (1), undeclared findings\n" \
    "  race detection off: not asked for\n" \
    "  again   heddle run 'scenarios/a gate.yaml'\n"

#define COLOURED_TEXT \
    "\033[1mTwo at a gate\033[0m\033[2m · \033[0m\033[2mgate.yaml\033[0m\n" \
    "\n" \
    "\033[2m       1.500 ms  \033[0m\033[36mpage\033[0m    \033[2mwindow\033[0m          \033[2m │ \033[0mready\n" \
    "\033[2m       1.500 ms  \033[0m\033[36mpage\033[0m    \033[2mwindow\033[0m          \033[2m │ \033[0mcounter is 2000\n" \
    "\n" \
    "\033[32m✓ holds\033[0m · all 3 expectations · 1 agent · 12 ms · seed 7\n" \
    "\033[2m  checked the whole log in order (2), shared cells (1), undeclared findings\033[0m\n" \
    "\033[2m  race detection off: not asked for\033[0m\n"

#define SEVERAL_TEXT \
    "✓ Two at a gate · gate.yaml · 12 ms\n" \
    "Two at a gate · gate.yaml\n" \
    "\n" \
    "page    window           │ ready\n" \
    "left    dedicated-worker │ warning: two\n" \
    "                         │          lines\n" \
    "page    window           │ error: bell ␇ and tab\t.\n" \
    "page    window           │ uncaught-error: TypeError: no\n" \
    "                         │   at gate.yaml:6:9\n" \
    "                         │   at f (gate.yaml:6:9)\n" \
    "                         │   at <anonymous>\n" \
    "                         │ deadlock: 2 agents are blocked for ever\n" \
    "                         │   left  waits in Atomics.wait at gate.yaml:6:9\n" \
    "                         │         on cell \"gate\" (block 1, byte 4, value 1), since 12.003 ms\n" \
    "                         │   page  waits\n" \
    "                         │         since 0.001 ms\n" \
    "\n" \
    "✗ fails · 1 of 3 expectations not met · 2 undeclared findings · 2 agents · 1 shared block · 1.0 ms · seed 7\n" \
    "\n" \
    "  ✗ log line 2 · gate.yaml:10:7 · shows 164\n" \
    "    after     page: ready\n" \
    "    expected  page: counter is 2000\n" \
    "    got       left: two↵lines\n" \
    "\n" \
    "  ✗ uncaught-error · found, but the scenario does not declare it\n" \
    "    page: TypeError: no\n" \
    "\n" \
    "  ✗ deadlock · found, but the scenario does not declare it\n" \
    "    2 agents are blocked for ever\n" \
    "\n" \
    "  checked the whole log in order (2), shared cells (1), undeclared findings\n" \
    "  race detection off: not asked for\n" \
    "  again   heddle run gate.yaml\n" \
    "\n" \
    "✗ Two at a gate · gate.yaml · 1.0 ms\n" \
    "– Two at a gate · gate.yaml · not run: needs the npm package ringbuf.js, which is not installed\n" \
    "✗ bad.yaml cannot be loaded\n" \
    "  bad.yaml:2:1: not valid YAML: did not find expected node content (while parsing a flow node)\n" \
    "\n" \
    "✗ Two at a gate: log line 2 and 2 more · again: heddle run gate.yaml\n" \
    "– Two at a gate: not run, needs the npm package ringbuf.js, which is not installed · again: heddle run gate.yaml\n" \
    "✗ bad.yaml: cannot be loaded · again: heddle run bad.yaml\n" \
    "\n" \
    "4 scenarios · 1 holds · 1 fails · 1 cannot be loaded · 1 not run · 13 ms\n"

#define JSON_TEXT \
    "{\"type\":\"begin\",\"scenario\":\"gate.yaml\",\"title\":\"Two at a gate\",\"iteration\":1,\"iterations\":1}\n" \
    "{\"type\":\"console\",\"sequence\":1,\"time_ns\":1500000,\"agent\":\"page\",\"agent_kind\":\"window\",\"level\":\"log\",\"text\":\"ready\",\"where\":{\"file\":\"gate.yaml\",\"line\":6,\"column\":7}}\n" \
    "{\"type\":\"console\",\"sequence\":2,\"time_ns\":1500000,\"agent\":\"left\",\"agent_kind\":\"dedicated-worker\",\"level\":\"warn\",\"text\":\"two\\nlines\",\"where\":{\"file\":\"gate.yaml\",\"line\":6,\"column\":7}}\n" \
    "{\"type\":\"console\",\"sequence\":3,\"time_ns\":1500000,\"agent\":\"page\",\"agent_kind\":\"window\",\"level\":\"error\",\"text\":\"bell \\u0007 and tab\\t.\",\"where\":{\"file\":\"gate.yaml\",\"line\":6,\"column\":7}}\n" \
    "{\"type\":\"error\",\"sequence\":4,\"time_ns\":0,\"agent\":\"page\",\"agent_kind\":\"window\",\"finding\":\"uncaught-error\",\"text\":\"TypeError: no\",\"where\":{\"file\":\"gate.yaml\",\"line\":6,\"column\":9},\"stack\":\"at f (https://scenario.test/:1:5)\\nat <anonymous>\"}\n" \
    "{\"type\":\"finding\",\"sequence\":5,\"time_ns\":0,\"finding\":\"deadlock\",\"text\":\"2 agents are blocked for ever\",\"agents\":[{\"agent\":\"left\",\"agent_kind\":\"dedicated-worker\",\"doing\":\"Atomics.wait\",\"where\":{\"file\":\"gate.yaml\",\"line\":6,\"column\":9},\"cell\":\"gate\",\"block\":1,\"byte_offset\":4,\"value\":\"1\",\"since_ns\":12003000},{\"agent\":\"page\",\"since_ns\":1000}]}\n" \
    "{\"type\":\"exit\",\"sequence\":6,\"time_ns\":0,\"agent\":\"left\",\"agent_kind\":\"dedicated-worker\",\"text\":\"terminated\"}\n" \
    "{\"type\":\"expectation\",\"topic\":\"log\",\"what\":\"log line 1\",\"held\":true,\"declared\":{\"file\":\"gate.yaml\",\"line\":9,\"column\":7},\"shows\":[]}\n" \
    "{\"type\":\"expectation\",\"topic\":\"log\",\"what\":\"log line 2\",\"held\":false,\"explanation\":\"after     page: ready\\nexpected  page: counter is 2000\\ngot       left: two↵lines\",\"declared\":{\"file\":\"gate.yaml\",\"line\":10,\"column\":7},\"shows\":[164]}\n" \
    "{\"type\":\"expectation\",\"topic\":\"cells\",\"what\":\"cell counter\",\"held\":true,\"declared\":{\"file\":\"gate.yaml\",\"line\":12,\"column\":11},\"shows\":[]}\n" \
    "{\"type\":\"expectation\",\"topic\":\"undeclared\",\"what\":\"uncaught-error\",\"held\":false,\"explanation\":\"TypeError: no\",\"shows\":[]}\n" \
    "{\"type\":\"expectation\",\"topic\":\"undeclared\",\"what\":\"deadlock\",\"held\":false,\"explanation\":\"2 agents are blocked for ever\",\"shows\":[]}\n" \
    "{\"type\":\"cell\",\"name\":\"counter\",\"value\":\"2000\",\"array\":\"Int32Array\",\"block\":1,\"byte_offset\":0}\n" \
    "{\"type\":\"verdict\",\"scenario\":\"gate.yaml\",\"outcome\":\"fails\",\"exit_code\":1,\"end\":\"deadlock\",\"held\":2,\"failed\":3,\"declared_findings\":0,\"agents\":2,\"shared_blocks\":1,\"seed\":7,\"clock\":\"virtual\",\"clock_ns\":0,\"wall_ns\":1000000,\"race_detection\":{\"on\":false,\"reason\":\"not asked for\"},\"again\":\"heddle run gate.yaml\"}\n" \
    "{\"type\":\"summary\",\"holds\":0,\"fails\":1,\"bound\":0,\"interrupted\":0,\"invalid\":0,\"not-run\":0,\"exit_code\":1}\n"

#define JUNIT_TEXT \
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" \
    "<testsuites>\n" \
    "  <testsuite name=\"heddle\" tests=\"3\" failures=\"1\" errors=\"0\" skipped=\"1\" time=\"0.013400\">\n" \
    "    <testcase classname=\"scenarios\" name=\"Two at a gate\" file=\"scenarios/&lt;gate&gt;.yaml\" time=\"0.012400\"/>\n" \
    "    <testcase classname=\"scenarios\" name=\"Two at a gate\" file=\"scenarios/&lt;gate&gt;.yaml\" time=\"0.001000\">\n" \
    "      <failure message=\"log line 2\">log line 2\n" \
    "after     page: ready\n" \
    "expected  page: counter is 2000\n" \
    "got       left: two↵lines\n" \
    "uncaught-error\n" \
    "TypeError: no\n" \
    "deadlock\n" \
    "2 agents are blocked for ever\n" \
    "again: heddle run 'scenarios/&lt;gate&gt;.yaml'</failure>\n" \
    "    </testcase>\n" \
    "    <testcase classname=\"scenarios\" name=\"Two at a gate\" file=\"scenarios/&lt;gate&gt;.yaml\" time=\"0.000000\">\n" \
    "      <skipped message=\"needs &quot;x&quot;\"/>\n" \
    "    </testcase>\n" \
    "  </testsuite>\n" \
    "</testsuites>\n"

/* clang-format on */

#endif
