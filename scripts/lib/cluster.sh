# A whole broker on one machine, for scripts/demo and scripts/bench: sourced, from the repository's root, under set -euo pipefail.
# Everything is below $work (removed at the end) but the agents' state, which has to be on tmpfs.

configuration=Release
patience=180              # seconds that a step may take on a slow machine before it counts as failed
declare -A pids=()

step() { printf '\n== [%3d s] %s\n' "$SECONDS" "$*"; }

fail() {
  echo "failed: $*" >&2
  [[ -z ${work:-} ]] || tail -n 20 "$work"/log/*.log >&2 || true
  exit 1
}

# A command of Debian's package of that name: installed where it is missing and this account may, else said.
need() {
  command -v "$1" >/dev/null && return
  if [[ $EUID == 0 ]] && command -v apt-get >/dev/null; then
    apt-get update -qq >/dev/null && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$1" >/dev/null && return
  fi
  echo "$1 is not there; install it and run again" >&2
  exit 1
}

executable() { echo "src/$1/bin/$configuration/net10.0/$2"; }

broker() { "$(executable Broker.Console brokerctl)" --profile "$profile" "$@"; }

pid_of() { echo "${pids[$1]}"; }

# Puts into each of these variables a port that nobody listens on now, and that was not given before: not for $(…), whose shell would
# forget it.
free_ports() {
  local name port
  for name in "$@"; do
    while :; do
      port=$(shuf -i 20000-32000 -n 1)
      if [[ " ${ports[*]:-} " != *" $port "* ]] && ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
        ports+=("$port")
        printf -v "$name" %d "$port"
        break
      fi
    done
  done
}

cluster_begin() {
  keep_work=$1
  work=$(mktemp -d "${TMPDIR:-/tmp}/broker.XXXXXX")
  volatile=$(mktemp -d /dev/shm/broker.XXXXXX)
  secrets=$volatile/secrets profile=$work/profile
  mkdir -m 700 "$secrets" "$work/zone" "$work/dmz" "$work/log"
  ports=()
  free_ports zone_port console_port agents_port enrolment_port service_port
  trap cluster_end EXIT
  trap 'exit 130' INT TERM
}

cluster_end() {
  local status=$?
  trap - EXIT
  cluster_stop
  rm -rf "$volatile"
  if ((keep_work)); then echo "kept: $work"; else rm -rf "$work"; fi
  exit "$status"
}

# Stops what was started here, by its own number and nothing else.
cluster_stop() {
  local name
  for name in "${!pids[@]}"; do
    kill -TERM "${pids[$name]}" 2>/dev/null || true
  done
  for name in "${!pids[@]}"; do
    wait "${pids[$name]}" 2>/dev/null || true
  done
  pids=()
}

cluster_kill() {
  kill -KILL "${pids[$1]}"
  wait "${pids[$1]}" 2>/dev/null || true
  unset "pids[$1]"
}

cluster_certificates() {
  (umask 077 && openssl rand -base64 24 >"$secrets/passphrase")
  local root=(--directory "$work/ca" --passphrase-file "$secrets/passphrase")
  broker ca init "${root[@]}" --name demo
  broker ca issue node "${root[@]}" --role zone --name zone-1
  broker ca issue ledger "${root[@]}" --name ledger-1
  broker ca issue node "${root[@]}" --role dmz --name dmz-1
  broker ca issue agent-issuer "${root[@]}" --name agents-1
  broker ca issue console "${root[@]}" --name console-1 --enrol
}

cluster_start() {
  local name=$1 log=$work/log/$1.log
  shift
  "$@" >>"$log" 2>&1 </dev/null &
  pids[$name]=$!
}

# Waits until something listens on the port of a process that was started here.
cluster_wait_port() {
  local name=$1 port=$2 end=$((SECONDS + patience))
  while ((SECONDS < end)); do
    kill -0 "${pids[$name]}" 2>/dev/null || fail "$name ended; its log follows"
    if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then return; fi
    sleep 0.1
  done
  fail "$name does not listen on port $port after $patience s"
}

cluster_start_zone() {
  cat >"$work/zone.conf" <<EOF
broker {
  tls { root = "$work/ca/root.crt", certificate = "$work/ca/zone-1.crt", key = "$work/ca/zone-1.key" }
  zone {
    listen = "127.0.0.1:$zone_port"
    store.path = "$work/zone/broker.db"
    ledger { certificate = "$work/ca/ledger-1.crt", key = "$work/ca/ledger-1.key" }
    ${zone_settings:-}
  }
}
EOF
  cluster_start zone "$(executable Broker.CredentialZone broker-zone)" --config "$work/zone.conf"
  cluster_wait_port zone "$zone_port"
}

cluster_start_dmz() {
  cat >"$work/dmz.conf" <<EOF
broker {
  tls { root = "$work/ca/root.crt", certificate = "$work/ca/dmz-1.crt", key = "$work/ca/dmz-1.key" }
  dmz {
    agent-issuer { certificate = "$work/ca/agents-1.crt", key = "$work/ca/agents-1.key" }
    state-directory = "$work/dmz"
    console.listen = "127.0.0.1:$console_port"
    agents.listen = "127.0.0.1:$agents_port"
    enrolment.listen = "127.0.0.1:$enrolment_port"
    zone.addresses = [ "https://127.0.0.1:$zone_port" ]
    # A backing that the memory scanner can see: otherwise finding nothing would prove nothing.
    secrets.backing = ${secret_backing:-mmap}
    ${dmz_settings:-}
  }
}
EOF
  cluster_start dmz "$(executable Broker.Dmz broker-dmz)" --config "$work/dmz.conf"
  cluster_wait_port dmz "$console_port"
}

# Where SoftHSM is there: a token with a key for the way vault, which the DMZ node uses; sets token_module and dmz_settings. Before the
# node starts, and after cluster_begin.
cluster_token() {
  local module
  command -v softhsm2-util >/dev/null || return 0
  for module in "${BROKER_SOFTHSM:-}" /usr/lib/softhsm/libsofthsm2.so /usr/lib/*/softhsm/libsofthsm2.so; do
    if [[ -f $module ]]; then token_module=$module; break; fi
  done
  [[ ${token_module:-} ]] || return 0
  mkdir -p "$work/tokens"
  export SOFTHSM2_CONF=$work/softhsm2.conf
  printf 'directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n' "$work/tokens" >"$SOFTHSM2_CONF"
  (umask 077; openssl rand -hex 8 >"$work/vault.pin")
  softhsm2-util --init-token --free --label custody --so-pin "$(openssl rand -hex 8)" --pin "$(<"$work/vault.pin")" >/dev/null
  broker key new way --name vault --pkcs11-module "$token_module" --token custody --key-label vault --pin-file "$work/vault.pin"
  dmz_settings="custody { look-every = 1 s, hsm.vault {
      module = \"$token_module\", token = custody, key-label = vault, pin-file = \"$work/vault.pin\" } }
    ${dmz_settings:-}"
}

# Waits until the customer is unlocked, without anybody's doing.
cluster_wait_unlocked() {
  local end=$((SECONDS + patience))
  while ((SECONDS < end)); do
    if broker --output json customer status acme 2>/dev/null | grep -q '"state": *"unlocked"'; then return 0; fi
    sleep 0.1
  done
  fail "the customer did not unlock by itself"
}

# Waits until the node has seen its token.
cluster_wait_token() {
  local end=$((SECONDS + patience))
  while ((SECONDS < end)); do
    if broker health 2>/dev/null | grep -q 'custody-vault *good'; then return 0; fi
    sleep 0.1
  done
  fail "the node did not find its token"
}

# Customer acme, unlocked: administrator alice, operator olga, custodians carol, dave and erin, two of whom unlock, the customer's own
# key safe, which unlocks too, and the node's token vault where there is one; a policy web
# that lets agent web-1 have credentials for the uses keep and https.
cluster_customer() {
  cluster_profile alice
  local name enrol=()
  if [[ ${token_module:-} ]]; then cluster_wait_token; fi
  broker key new user --name alice
  broker key new user --name olga
  for name in carol dave erin; do
    broker key new custodian --name "$name"
    enrol+=(--custodian "$name=$profile/custodians/$name.pub")
  done
  broker key new way --name safe
  enrol+=(--key-way "safe=$profile/ways/safe.pub")
  if [[ ${token_module:-} ]]; then enrol+=(--hsm-way vault); fi
  broker customer enrol acme --threshold 2 "${enrol[@]}" --administrator "alice=$profile/users/alice.pub" \
    --administrators-required 1 --shares-directory "$work/shares"
  for name in carol dave erin; do
    broker customer confirm acme --custodian "$name" --share "$work/shares/$name.share"
  done
  broker customer confirm acme --wrap "$work/shares/safe.wrap" --key safe
  broker user put olga --customer acme --role operator --key "$profile/users/olga.pub"
  broker policy put web --customer acme --agent web-1 --use https --use keep --role operator
}

cluster_profile() {
  broker init --root "$work/ca/root.crt" --certificate "$work/ca/console-1.crt" --key "$work/ca/console-1.key" \
    --gateway "https://127.0.0.1:$console_port" --enrolment "127.0.0.1:$enrolment_port" --user "$1"
}

cluster_start_agent() {
  local name=$1 token=$2
  cat >"$work/agent.conf" <<EOF
broker.agent {
  dmz = [ "127.0.0.1:$agents_port" ]
  state.directory = "$volatile/$name"
  secrets.backing = ${secret_backing:-mmap}
  uses {
    keep { mode = hold, hold-for = 10 minutes }
    https {
      mode = file
      command = [ "$(command -v openssl)", s_server, -accept, "127.0.0.1:$service_port", -quiet, -www,
        -key, "{file:service-pem}", -cert, "{file:service-pem}" ]
    }
    ${agent_uses:-}
  }
}
EOF
  "$(executable Broker.Agent broker-agent)" enrol --config "$work/agent.conf" --token-file "$token"
  cluster_start agent "$(executable Broker.Agent broker-agent)" run --config "$work/agent.conf"
  local end=$((SECONDS + patience))
  while ((SECONDS < end)); do
    if grep -q "session" "$work/log/agent.log"; then return; fi
    kill -0 "${pids[agent]}" 2>/dev/null || fail "the agent ended"
    sleep 0.1
  done
  fail "the agent has no session after $patience s"
}

cluster_wait_tls() {
  local end=$((SECONDS + patience))
  while ((SECONDS < end)); do
    if printf 'GET / HTTP/1.0\r\n\r\n' | openssl s_client -quiet -connect "127.0.0.1:$1" 2>/dev/null | head -n 1; then return; fi
    sleep 0.1
  done
  fail "nothing answers on port $1"
}

cluster_wait_use_end() {
  local end=$((SECONDS + patience))
  while ((SECONDS < end)); do
    if broker --output json hand-off show "$1" --customer acme | grep -qE '"useState": *"u'; then return; fi
    sleep 0.1
  done
  fail "the use of $1 did not end"
}

# The needles are what would give a secret away: the key's lines in the PEM file, and the AWS secret.
make_needles() {
  sed -n 's/^aws_secret_access_key = //p' "$secrets/aws" | tr -d '\n' >"$secrets/needle.aws"
  sed -n 2p "$secrets/service.key" | tr -d '\n' >"$secrets/needle.key"
  openssl pkey -in "$secrets/service.key" -outform DER | tail -c +37 | head -c 32 >"$secrets/needle.scalar"
}

scanner() {
  "tests/Broker.MemoryScanner/bin/$configuration/net10.0/memory-scanner" --needle aws="$secrets/needle.aws" \
    --needle key="$secrets/needle.key" --needle scalar="$secrets/needle.scalar" "$@"
}

# scan WHAT PID none|aws|any: prints what was found, and fails when it is not what was expected.
scan() {
  local what=$1 pid=$2 expected=$3 status=0
  echo "-- $what (process $pid)"
  scanner --pid "$pid" >"$work/scan" || status=$?
  cat "$work/scan"
  case $expected/$status in
    none/0 | any/0 | any/3) ;;
    aws/3) grep -q aws "$work/scan" || fail "the positive control was not found" ;;
    none/3) fail "a secret was found in $what" ;;
    *) fail "expected $expected in $what, the scanner said $status" ;;
  esac
}

scan_files() {
  local what=$1 path paths=()
  shift
  for path in "$@"; do paths+=(--files "$path"); done
  echo "-- $what"
  scanner "${paths[@]}" || fail "a secret was found on $what"
}
