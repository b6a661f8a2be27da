# shellcheck shell=bash
# servers.sh - the servers under test: installing, starting and stopping them.  Included by scripts/bench.
#
#	servers_install       packages of those that are missing; what services they start is stopped
#	server_prepare DIR    addresses and configs, all in DIR but for those that know no Unix sockets
#	server_start NAME     sets server_pid; ready when it takes connections
#	server_stop
# ${in[NAME]} and ${out[NAME]} are addresses for producers and subscribers, ${dialect[NAME]} is what they
# talk there, ${command[NAME]} is how it is started.

: "${top:?}" "${build:?}"
declare -A in out dialect
server_pid=

service_stop() {
  if [ -d /run/systemd/system ]; then
    as_root systemctl disable --quiet --now "$1" || true
  elif [ -x "/etc/init.d/$1" ]; then
    as_root "/etc/init.d/$1" stop >/dev/null 2>&1 || true
  fi
}

servers_install() {
  local name
  for name in redis-server nats-server mosquitto; do
    command -v "$name" >/dev/null && continue
    need "$name:$name"
    service_stop "$name"
  done
  need ncat:ncat
}

free_port() {
  local port
  while port=$((20000 + RANDOM % 20000)); (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do :; done
  echo "$port"
}

awaitd_config() {
  local source='"source": {"type": "socket", "framing": "ndjson", "listen"'
  cat <<JSON
{ "streams": { "bench": { $source: "unix:$1/awaitd.in"}, "history": "1MiB" },
               "flood": { $source: "unix:$1/flood.in"}, "history": "1MiB" } },
  "sinks": { "local": {"type": "unix", "path": "$1/awaitd.out", "block": true, "limits": {"connections": 8000}} } }
JSON
}

mosquitto_config() {
  printf 'listener 0 %s\nallow_anonymous true\nmax_queued_messages 0\nlog_type none\nuser %s\n' \
    "$1/mosquitto" "$(id -un)"
}

server_prepare() {
  local dir=$1 name
  awaitd_config "$dir" >"$dir/awaitd.json"
  mosquitto_config "$dir" >"$dir/mosquitto.conf"
  for name in limit reference awaitd redis nats mosquitto ncat node; do
    in[$name]=unix:$dir/$name out[$name]=unix:$dir/$name dialect[$name]=$name
  done
  for name in limit reference awaitd; do in[$name]=unix:$dir/$name.in out[$name]=unix:$dir/$name.out; done
  for name in nats ncat; do
    in[$name]=tcp:$(free_port)
    out[$name]=${in[$name]}
  done
  dialect[reference]=limit dialect[ncat]=plain dialect[node]=plain
  server_dir=$dir
}

# Sets command, an array.
server_command() {
  local dir=$server_dir
  case $1 in
    limit) command=("$build/bench/limit" "${in[limit]}" "${out[limit]}") ;;
    reference) command=("$reference" -e -i "${in[reference]}" -s "${out[reference]}") ;;
    awaitd) command=("$build/awaitd" -c "$dir/awaitd.json") ;;
    redis) command=(redis-server --port 0 --unixsocket "$dir/redis" --save '' --appendonly no
      --client-output-buffer-limit pubsub 0 0 0 --maxclients 9000 --logfile '') ;;
    nats) command=(nats-server -a 127.0.0.1 -p "${in[nats]#tcp:}" -l "$dir/nats.log") ;;
    mosquitto) command=(mosquitto -c "$dir/mosquitto.conf") ;;
    ncat) command=(ncat --broker --max-conns 1000 -l 127.0.0.1 "${in[ncat]#tcp:}") ;;
    node) command=(node "$top/bench/peer.mjs" "$dir/node") ;;
  esac
}

server_is_up() {
  case ${out[$1]} in
    unix:*) [ -S "${out[$1]#unix:}" ] ;;
    *) (exec 3<>"/dev/tcp/127.0.0.1/${out[$1]#tcp:}") 2>/dev/null ;;
  esac
}

server_start() {
  local name=$1 try command
  server_command "$name"
  (ulimit -n "$(ulimit -Hn)"; exec "${command[@]}") >"$server_dir/$name.log" 2>&1 &
  server_pid=$!
  for ((try = 0; try < 200; try++)); do
    server_is_up "$name" && break
    sleep 0.05
  done
  server_is_up "$name" || { echo "bench: $name does not start:" >&2; cat "$server_dir/$name.log" >&2; return 1; }
  sleep 0.1
}

server_stop() {
  [ -n "$server_pid" ] || return 0
  kill -KILL "$server_pid" 2>/dev/null || true
  wait "$server_pid" 2>/dev/null || true
  server_pid=
  find "$server_dir" -type s -delete
}

servers_versions() {
  {
    redis-server --version | sed -E 's/.*v=([^ ]*).*/redis \1/'
    nats-server --version | sed -E 's/.*v([0-9.]+).*/nats-server \1/'
    mosquitto -h | sed -nE '1s/.*version ([^ ]*).*/mosquitto \1/p'
    ncat --version 2>&1 | sed -nE 's/.*Version ([^ ]*).*/ncat \1/p'
    ! command -v node >/dev/null || node --version | sed 's/^v/node /'
    ! command -v python3 >/dev/null || python3 --version | sed 's/^P/p/'
  } | paste -sd, | sed 's/,/, /g'
}
