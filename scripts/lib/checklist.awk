# Reads the statements (id, text) and then test sources; prints each id with the tests that carry it in a Statement trait, one a line.
FNR == 1 { if (FILENAME !~ /statements\.txt$/) { space = ""; class = "" } held = "" }
FILENAME ~ /statements\.txt$/ { if ($1 !~ /^#/ && NF) { ids[++count] = $1 } next }
/^namespace / { space = $2; sub(/;.*/, "", space) }
/^[a-z ]*class [A-Za-z0-9_]+/ { class = $0; sub(/.*class /, "", class); sub(/[^A-Za-z0-9_].*/, "", class) }
match($0, /^ *\[Trait\("Statement", "[A-Za-z0-9]+"\)\]/) { id = substr($0, RSTART, RLENGTH); gsub(/.*, "|"\)\]/, "", id); held = held " " id }
held != "" && /^ *(public|internal) .*\(/ {
    name = $0; sub(/\(.*/, "", name); sub(/.* /, "", name)
    n = split(held, each, " ")
    for (i = 1; i <= n; i++) tests[each[i]] = tests[each[i]] each[i] "  " space "." class "." name "\n"
    held = ""
}
END {
    missing = 0
    for (i = 1; i <= count; i++) {
        if (ids[i] in tests) printf "%s", tests[ids[i]]
        else { print ids[i] "  no test"; missing++ }
    }
    exit missing > 0
}
