#!/usr/bin/env bash
# psql: \copy both ways, \gdesc, large rows, TLS.
failed=0
check() {
    local name=$1 got
    shift
    if got=$("$@" 2>&1); then echo "ok $name"; else echo "not ok $name: ${got:0:300}"; failed=1; fi
}
run() { psql -XqAt -v ON_ERROR_STOP=1 "$@"; }

connect() { [[ $(run -c 'select 1') == 1 ]]; }
copies() {
    local got
    got=$(seq 100000 | run -c 'create temp table c (n int)' -c '\copy c from pstdin' -c 'select sum(n) from c' \
        -c '\copy (select n from c order by n) to pstdout') || { echo "$got"; return 1; }
    [[ $(wc -l <<< "$got") -eq 100001 && $(head -n 1 <<< "$got") == 5000050000 ]]
}
transactional_copies() {
    local got
    got=$({ echo 'begin; create temp table c (n int); copy c from stdin;'; seq 50000; echo '\.';
        echo 'select count(*) from c; rollback;'; } | run) || { echo "$got"; return 1; }
    [[ $got == 50000 ]]
}
describes() { [[ $(printf 'select 1 as a, now() as b \\gdesc\n' | run) == 'a|integer'* ]]; }
large() { [[ $(run -c "select repeat('x', 30000000)" | wc -c) -eq 30000001 ]]; }
refuses() { ! PGPASSWORD=wrong run -c 'select 1' 2>&1 | grep -v 'authentication failed' | grep -q .; }
tls() { [[ $(PGSSLMODE=require run -c '\conninfo') == *SSL* ]]; }

check connect connect
check 'scram refuses' refuses
[[ $DRIVERS_MODE != session ]] || check 'copy of files' copies
check 'copy in a transaction' transactional_copies
check describe describes
check 'large rows' large
[[ ${DRIVERS_TLS:-} != 1 ]] || check tls tls
exit $failed
