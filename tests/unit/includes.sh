#!/bin/sh
# The include graph of src/: a module includes only itself and modules above it, and only those that handle JavaScript
# values know the engine's header.
set -eu
cd "$1"
order="base platform observe memory schedule detect litmus engine agent message web node scenario report cli"
grep -rn --include='*.[ch]' '^#include "' src | grep -v '^src/subprojects/' | awk -v order="$order" '
BEGIN { count = split(order, names, " "); for (i = 1; i <= count; i++) rank[names[i]] = i }
{
    split($0, parts, ":"); split(parts[1], path, "/"); from = path[2]
    split($0, quoted, "\""); included = quoted[2]; split(included, target, "/"); to = target[1]
    if (included ~ /^(quickjs|cutils|list|libregexp|libunicode)[^\/]*\.[ch]$/) {
        if (from != "engine" && from != "message" && from != "web" && from != "node")
            print parts[1] ":" parts[2] ": only engine, message, web and node include " included, ++wrong > "/dev/stderr"
        else if (included !~ /^quickjs\.h$/ && from != "engine")
            print parts[1] ":" parts[2] ": the internals of the engine are for src/engine: " included, ++wrong > "/dev/stderr"
    } else if (to != "heddle" && !(to in rank)) {
        if (from != "engine")
            print parts[1] ":" parts[2] ": not a path below src/: " included, ++wrong > "/dev/stderr"
    } else if (to in rank && rank[to] > rank[from])
        print parts[1] ":" parts[2] ": " from " may not include " included ", which lies below it", ++wrong > "/dev/stderr"
    seen++
}
END { if (!seen) { print "no includes found" > "/dev/stderr"; exit 1 } exit wrong > 0 }'
