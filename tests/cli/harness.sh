# Sourced by the tests of the command line: `heddle` is the program, the working folder is a new one.
set -u
heddle=$(realpath "$1")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 70
unset CI
failures=0

# expect NAME CODE PATTERN… -- ARGUMENT…: runs heddle, wants the exit code and a line for each (extended) expression.
expect() {
    name=$1 code=$2; shift 2
    : >patterns
    while [ "$1" != -- ]; do printf '%s\n' "$1" >>patterns; shift; done
    shift
    "$heddle" "$@" >output 2>&1 </dev/null
    got=$? wrong=''
    [ $got = "$code" ] || wrong="exit code $got instead of $code"
    while IFS= read -r pattern; do
        case $pattern in
        '!'*) ! grep -Eq -- "${pattern#!}" output || wrong="$wrong; there is a line like ${pattern#!}" ;;
        *) grep -Eq -- "$pattern" output || wrong="$wrong; no line like $pattern" ;;
        esac
    done <patterns
    ! grep -Eq 'Sanitizer|runtime error' output || wrong="$wrong; a sanitizer reports"
    [ -n "$wrong" ] || return 0
    failures=$((failures + 1))
    echo "FAILED $name: $wrong"
    sed 's/^/    /' output
}

finish() { echo "$failures failed"; [ $failures = 0 ]; }
