/* URL, URLSearchParams, text encoding, base64, performance, crypto and Blob, seen by scripts; the
 * texts are those of Node 20. */
#include "program_run.h"

#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void expect(const char *script, const char *lines)
{
    char *seen = program_run(script);
    CU_ASSERT_STRING_EQUAL(seen, lines);
    if (strcmp(seen, lines) != 0)
        fprintf(stderr, "\n%s\ngave:\n%s\nexpected:\n%s\n", script, seen, lines);
    free(seen);
}

static void urls(void)
{
    expect("console.log(new URL('../x?y=1#z','http://u:p@H.com:80/a/b').href, "
           "URL.canParse('nope'), String(URL.parse('a:b')));\n",
           "http://u:p@h.com/x?y=1#z false a:b\n");
    expect("const u=new URL('http://a/b?c=1&d=2');\n"
           "u.searchParams.append('e','ü &');\n"
           "console.log(u.href, [...u.searchParams], u.searchParams.size);\n"
           "u.search='?q';\n"
           "console.log(u.searchParams.has('q'), u.searchParams+'');\n"
           "u.searchParams.delete('q');\n"
           "console.log(u.href);\n",
           "http://a/b?c=1&d=2&e=%C3%BC+%26 [ [ 'c', '1' ], [ 'd', '2' ], [ 'e', 'ü &' ] ] 3\n"
           "true q=\n"
           "http://a/b\n");
    expect("try{new URL('nope')}catch(e){console.log(e.name,e.message)} try{new "
           "URLSearchParams([[1]])}catch(e){console.log(e.name)} try { URLSearchParams() } "
           "catch(e){console.log(e.name)}\n",
           "TypeError Invalid URL\n"
           "TypeError\n"
           "TypeError\n");
}

static void search_params(void)
{
    expect("const p=new URLSearchParams({b:1,a:2});\n"
           "p.sort();\n"
           "console.log(p.toString(), [...p.keys()], [...new "
           "URLSearchParams([['x','y'],['x','z']]).getAll('x')], new URLSearchParams(p)+'', new "
           "URLSearchParams('?a=b')+'');\n",
           "a=2&b=1 [ 'a', 'b' ] [ 'y', 'z' ] a=2&b=1 a=b\n");
    expect(
        "const p = new URLSearchParams({ b: 1, a: 2 });\n"
        "p.sort();\n"
        "const it=p.entries();\n"
        "console.log(Object.prototype.toString.call(it), it.next(), it[Symbol.iterator]()===it, "
        "typeof it.map);\n",
        "[object URLSearchParams Iterator] { value: [ 'a', '2' ], done: false } true function\n");
}

static void encoding(void)
{
    expect("console.log(new TextEncoder().encode('€a\\ud800'), new TextDecoder().decode(new "
           "Uint8Array([0xef,0xbb,0xbf,0xe2,0x82,0xac,0xff,0x41])), JSON.stringify(new "
           "TextEncoder().encodeInto('a€', new Uint8Array(2))));\n",
           "Uint8Array(7) [\n"
           "  226, 130, 172,\n"
           "   97, 239, 191,\n"
           "  189\n"
           "] €�A {\"read\":1,\"written\":1}\n");
    expect("const d=new TextDecoder();\n"
           "console.log(d.decode(new Uint8Array([0xe2,0x82]),{stream:true})+'|'+d.decode(new "
           "Uint8Array([0xac])), new TextDecoder('latin1').encoding, new "
           "TextDecoder('utf-16').decode(new Uint8Array([0x41,0,0x3d,0xd8,0,0xde])));\n",
           "|€ windows-1252 A😀\n");
    expect("try{new TextDecoder('utf-8',{fatal:true}).decode(new "
           "Uint8Array([0xff]))}catch(e){console.log(e.name)} try{new "
           "TextDecoder('nope')}catch(e){console.log(e.name)}\n",
           "TypeError\n"
           "RangeError\n");
}

static void base64(void)
{
    expect("console.log(btoa('hello'), atob('aGVsbG8='), atob(' aGVs bG8 '));\n"
           "for (const f of [()=>atob('a'),()=>btoa('€'),()=>atob('ab=c'),()=>atob('abc==')]) "
           "try{f();console.log('no')}catch(e){console.log(e.name, e instanceof DOMException)}\n",
           "aGVsbG8= hello hello\n"
           "InvalidCharacterError true\n"
           "InvalidCharacterError true\n"
           "InvalidCharacterError true\n"
           "InvalidCharacterError true\n");
}

static void timing(void)
{
    expect("console.log(typeof performance.now(), performance.now()>=0, "
           "performance.mark('m',{detail:{a:1}}).detail, performance.measure('x','m').entryType, "
           "performance.getEntries().length, performance.getEntriesByName('m').length);\n"
           "performance.clearMarks();\n"
           "console.log(performance.getEntries().length);\n",
           "number true { a: 1 } measure 3 1\n"
           "2\n");
    expect("try{performance.measure('x','zz')}catch(e){console.log(e.name)} "
           "console.log(performance.measure('y',{start:5,duration:10}).duration, "
           "Object.keys(performance.toJSON()), "
           "JSON.parse(JSON.stringify(performance.measure('y',{start:5,end:10}))));\n",
           "SyntaxError\n"
           "10 [ 'timeOrigin' ] {\n"
           "  name: 'y',\n"
           "  entryType: 'measure',\n"
           "  startTime: 5,\n"
           "  duration: 5,\n"
           "  detail: null\n"
           "}\n");
}

static void randomness(void)
{
    expect("console.log(crypto.randomUUID().length, crypto.getRandomValues(new "
           "Uint8Array(4)).length);\n"
           "for (const a of [new Float32Array(1), new Uint8Array(65537), new DataView(new "
           "ArrayBuffer(1))]) try{crypto.getRandomValues(a)}catch(e){console.log(e.name)}\n",
           "36 4\n"
           "TypeMismatchError\n"
           "QuotaExceededError\n"
           "TypeMismatchError\n");
}

static void blobs(void)
{
    expect("const b=new Blob(['ab',new Uint8Array([99]),new Blob(['d'])],{type:'Text/Plain'});\n"
           "console.log(b.size,b.type);\n"
           "b.text().then(t=>console.log(t));\n"
           "b.slice(1,-1).text().then(t=>console.log(t));\n"
           "b.arrayBuffer().then(x=>console.log(x));\n",
           "4 text/plain\n"
           "abcd\n"
           "bc\n"
           "ArrayBuffer { [Uint8Contents]: <61 62 63 64>, byteLength: 4 }\n");
}

static void tags(void)
{
    expect("const u = new URL('http://a/b'), p = new URLSearchParams;\n"
           "console.log(Object.prototype.toString.call(u), Object.prototype.toString.call(p), "
           "Object.prototype.toString.call(crypto), Object.prototype.toString.call(performance), "
           "performance instanceof EventTarget, u.toJSON()===u.href, JSON.stringify({u}));\n",
           "[object URL] [object URLSearchParams] [object Crypto] [object Performance] true true "
           "{\"u\":\"http://a/b\"}\n");
}

static void shared_memory(void)
{
    expect("const s = new Uint8Array(new SharedArrayBuffer(8), 2, 4)\n"
           "console.log(JSON.stringify(new TextEncoder().encodeInto('abc\u20ac', s)), s, new "
           "TextDecoder().decode(s))\n"
           "try { crypto.getRandomValues(s) } catch (e) { console.log(e.name) }\n"
           "try { new Blob([s]) } catch (e) { console.log(e.name) }",
           "{\"read\":3,\"written\":3} Uint8Array(4) [ 97, 98, 99, 0 ] "
           "abc\u2400\nTypeError\nTypeError\n");
}

static void blob_urls(void)
{
    expect("const url = URL.createObjectURL(new Blob(['postMessage(6 * 7)'], { type: "
           "'text/javascript' }))\n"
           "console.log(url.startsWith('blob:https://scenario.test/'), url.length, new "
           "URL(url).origin)\n"
           "const w = new Worker(url)\n"
           "w.onmessage = e => { console.log(e.data); w.terminate(); URL.revokeObjectURL(url);\n"
           "  console.log(URL.canParse(url)) }",
           "true 63 https://scenario.test\n42\ntrue\n");
}

static void seed_fixes_randomness(void)
{
    static const char script[] =
        "console.log(crypto.randomUUID(), crypto.getRandomValues(new Uint32Array(2)).join())";
    char *first = program_run(script), *second = program_run(script);
    CU_ASSERT_STRING_EQUAL(first, second);
    free(first);
    free(second);
}

int main(void)
{
    static CU_TestInfo tests[] = {{"urls", urls},
                                  {"search params", search_params},
                                  {"encoding", encoding},
                                  {"base64", base64},
                                  {"timing", timing},
                                  {"randomness", randomness},
                                  {"blobs", blobs},
                                  {"tags", tags},
                                  {"shared memory", shared_memory},
                                  {"blob urls", blob_urls},
                                  {"seed fixes randomness", seed_fixes_randomness},
                                  CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{"globals", NULL, NULL, NULL, NULL, tests}, CU_SUITE_INFO_NULL};
    if (CU_initialize_registry() || CU_register_suites(suites))
        return 99;
    CU_basic_set_mode(CU_BRM_NORMAL);
    CU_basic_run_tests();
    bool failed = CU_get_number_of_failures() > 0;
    CU_cleanup_registry();
    return failed;
}
