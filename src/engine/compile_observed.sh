#!/bin/sh
# compile_observed.sh OBJECT DEPFILE COMPILER ARGUMENT…: compiles the engine's observed object, then gives the C library's functions
# on memory our names (callbacks.c) in this object alone.
set -eu
object=$1 depfile=$2
shift 2
"$@" -MD -MF "$depfile" -MT "$object" -o "$object"
redefine=''
for name in memcpy memmove memset memcmp memchr bcmp; do
    redefine="$redefine --redefine-sym $name=engine_observed_$name"
done
# shellcheck disable=SC2086 # a list of words
objcopy $redefine "$object"
