# scripts/bench scale: sourced after cluster.sh. What is measured, and every process of it, is in tests/Broker.Benchmarks/Scale.

# bench_scale AGENTS CUSTOMERS [--json FILE]
bench_scale() {
  local agents=$1 customers=$2 root needed name
  shift 2
  # In the process that has all the agents: a connection and a journal for each.
  needed=$((2 * agents + 1000))
  ulimit -n "$(ulimit -Hn)"
  if [[ $(ulimit -n) != unlimited ]] && (($(ulimit -n) < needed)); then
    echo "bench: $agents agents need $needed open files, and ulimit -n is $(ulimit -n); raise it (LimitNOFILE=, or" \
      "'ulimit -Hn $needed' as root), or give --agents $((($(ulimit -n) - 1000) / 2))" >&2
    exit 1
  fi
  cluster_begin 0
  {
    cluster_certificates
    root=(--directory "$work/ca" --passphrase-file "$secrets/passphrase")
    for name in dmz-2 dmz-3; do broker ca issue node "${root[@]}" --role dmz --name "$name"; done
  } >"$work/log/setup.log" 2>&1 || fail "the certificates could not be issued"
  "$bench" scale --ca "$work/ca" --sources "$PWD" --work "$work" --volatile "$volatile" --agents "$agents" --customers "$customers" "$@" ||
    fail "the benchmark ended early"
}
