# Processes of the real servers: started, awaited and ended by pid. Sourced by scripts/real-servers.
#
#   .run/real-servers/NAME/pids    one line per process: PID START, oldest first
#   .run/real-servers/NAME/env     export lines; written last, so a server that has it was ready once
#   .run/real-servers/NAME/log/    what the processes said
#
# A pid is reused by the system sooner or later. START, the process's start time in /proc, tells whether a pid is
# still the process that was started here; one that is not is left alone.

# started_at PID -> clock ticks since boot; nothing when there is no such process, or only its exit status
started_at() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | awk '$1 != "Z" { print $20 }' || true; }

# is_ours PID START
is_ours() { [ "$(started_at "$1")" = "$2" ]; }

# is_running NAME -> whether all processes of a started server live
is_running() {
  local pid start
  [ -f "$STATE/$1/env" ] && [ -s "$STATE/$1/pids" ] || return 1
  while read -r pid start; do is_ours "$pid" "$start" || return 1; done <"$STATE/$1/pids"
}

# start_server NAME -> runs start_NAME in a fresh folder unless the server runs; cleans up after a failure
start_server() {
  if is_running "$1"; then say "$1 is running"; return 0; fi
  stop_server "$1"
  rm -rf "${STATE:?}/$1"
  mkdir -p "$STATE/$1/log"
  say "starting $1"
  # In a process of its own: bash ignores set -e in everything that an "if" or "&&" waits for.
  bash "$ROOT/scripts/real-servers" start-one "$1" && is_running "$1" && return 0
  say "$1 did not start; the end of its logs:"
  tail -n 5 "$STATE/$1"/log/* >&2 || true
  stop_server "$1"
  return 1
}

# stop_server NAME -> ends its processes, newest first: asks, waits 10 s, then forces
stop_server() {
  local pid start attempt
  [ -f "$STATE/$1/pids" ] || return 0
  tac "$STATE/$1/pids" | while read -r pid start; do
    is_ours "$pid" "$start" || continue
    kill -TERM "$pid" || true
    for attempt in $(seq 100); do is_ours "$pid" "$start" || break; sleep 0.1; done
    is_ours "$pid" "$start" && kill -KILL "$pid" || true
  done
  rm -f "$STATE/$1/pids" "$STATE/$1/env"
  say "stopped $1"
}

# spawn NAME LOG COMMAND... -> starts a process of server NAME in a session of its own; its pid is in SPAWNED
spawn() {
  local name="$1" log="$2"
  shift 2
  setsid "$@" >>"$STATE/$name/log/$log" 2>&1 </dev/null &
  SPAWNED=$!
  echo "$SPAWNED $(started_at "$SPAWNED")" >>"$STATE/$name/pids"
}

# is_free PORT -> whether nothing listens on 127.0.0.1:PORT
is_free() { ! (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# free_port FIRST STEP -> the first of FIRST, FIRST + STEP, ... such that it and its successor are free
free_port() {
  local port
  for port in $(seq "$1" "$2" "$(($1 + 20 * $2))"); do
    if is_free "$port" && is_free "$((port + 1))"; then echo "$port"; return 0; fi
  done
  say "no free port from $1 on"
  return 1
}

# until_true SECONDS COMMAND... -> repeats the command until it succeeds; fails when time or SPAWNED is up
until_true() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    kill -0 "$SPAWNED" 2>/dev/null || { say "process $SPAWNED has died"; return 1; }
    [ "$SECONDS" -lt "$deadline" ] || { say "gave up waiting for: $*"; return 1; }
    sleep 0.1
  done
}

# only_loopback PORT -> fails if the port is open on anything but loopback, or on nothing
only_loopback() {
  local hex listening beyond
  hex="$(printf '%04X' "$1")"
  listening="$(cat /proc/net/tcp /proc/net/tcp6 2>/dev/null |
    awk -v port=":$hex" '$4 == "0A" && substr($2, length($2) - 4) == port { print $2 }')"
  [ -n "$listening" ] || { say "nothing listens on port $1"; return 1; }
  # Loopback as the kernel prints it: 127.x.x.x, ::1, ::ffff:127.x.x.x.
  beyond="$(grep -vE '^([0-9A-F]{6}7F|0{24}01000000|0{16}FFFF0000[0-9A-F]{6}7F):' <<<"$listening" || true)"
  [ -z "$beyond" ] || { say "port $1 is open beyond loopback: $beyond"; return 1; }
}
