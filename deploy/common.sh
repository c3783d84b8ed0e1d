# Functions of the scripts in this folder; sourced by them, not run.

# Prints a line about what is going on, to standard error.
say() { printf '%s\n' "$*" >&2; }

# Prints why it cannot go on, and ends the script.
fail() {
  say "$(basename "$0"): $*"
  exit 1
}

# Runs a command without input so that a signal to this script is heard at once, not when the command is done. The
# script's trap has to call stop_running.
running=
interruptibly() {
  local status=0
  "$@" </dev/null &
  running=$!
  wait "$running" || status=$?
  running=
  return "$status"
}

# Ends the command of interruptibly, if there is one.
stop_running() {
  [ -n "$running" ] || return 0
  kill "$running" 2>/dev/null || true
  wait "$running" 2>/dev/null || true
  running=
}

# The same with the output in a file, saying what is going on if that takes longer than two seconds.
#   quietly LOG TEXT COMMAND…
quietly() {
  local log=$1 text=$2 timer status=0
  shift 2
  { sleep 2 && say "$text …"; } &
  timer=$!
  interruptibly "$@" >"$log" 2>&1 || status=$?
  kill "$timer" 2>/dev/null || true
  wait "$timer" 2>/dev/null || true
  return "$status"
}

# Prints the Debian packages, of those this project may ask for, that this machine lacks. Looks for what they bring,
# not for their names: PostgreSQL may have come from elsewhere.
missing_packages() {
  local name
  for name in "$@"; do
    case "$name" in
      libpq-dev) [ -e /usr/include/postgresql/libpq-fe.h ] || [ -e /usr/include/libpq-fe.h ] ;;
      libssl-dev) [ -e /usr/include/openssl/ssl.h ] ;;
      zlib1g-dev) [ -e /usr/include/zlib.h ] ;;
      pkg-config) command -v pkg-config >/dev/null ;;
      tzdata) [ -e /usr/share/zoneinfo/Europe/London ] ;;
      util-linux) [ -x /usr/bin/setpriv ] ;;
      ca-certificates) [ -e /etc/ssl/certs/ca-certificates.crt ] ;;
      postgresql) [ -n "$(postgres_programs)" ] ;;
      python3-venv) python3 -c 'import ensurepip, venv' 2>/dev/null ;;
      python3-dev)
        [ -e "$(python3 -c 'import sysconfig; print(sysconfig.get_path("include"))' 2>/dev/null)/Python.h" ]
        ;;
      chromium) [ -x /usr/bin/chromium ] ;;
      chromium-driver) [ -x /usr/bin/chromedriver ] ;;
      pgbouncer) [ -x /usr/sbin/pgbouncer ] ;;
      gcc) command -v cc >/dev/null ;;
      *) dpkg-query -W -f '${Status}' "$name" 2>/dev/null | grep -q 'ok installed' ;;
    esac || printf '%s\n' "$name"
  done
}

# Installs Debian packages that are missing; says nothing when none is.
install_packages() {
  local missing as_root=()
  mapfile -t missing < <(missing_packages "$@")
  [ "${#missing[@]}" -gt 0 ] || return 0
  command -v apt-get >/dev/null ||
    fail "missing: ${missing[*]} (Debian's names). Install them, then start again"
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || fail "missing packages. As root: apt-get install ${missing[*]}"
    as_root=(sudo)
  fi
  say "Installing ${missing[*]} …"
  local settings=/etc/postgresql-common/createcluster.d/gateway.conf
  # Debian's PostgreSQL makes and starts a cluster of its own when it is installed. Nobody asked for that one.
  if [[ " ${missing[*]} " == *" postgresql "* ]]; then
    "${as_root[@]}" mkdir -p "${settings%/*}"
    echo 'create_main_cluster = false' | "${as_root[@]}" tee "$settings" >/dev/null
  fi
  local log status=0
  log=$(mktemp)
  {
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q update &&
      "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get -q install -y --no-install-recommends "${missing[@]}"
  } >"$log" 2>&1 </dev/null || status=$?
  "${as_root[@]}" rm -f "$settings"
  if [ "$status" -ne 0 ]; then
    tail -n 20 "$log" >&2
    rm -f "$log"
    fail "apt-get could not install ${missing[*]}"
  fi
  rm -f "$log"
  mapfile -t missing < <(missing_packages "$@")
  [ "${#missing[@]}" -eq 0 ] || fail "still missing after the installation: ${missing[*]}"
}

# Prints the folder of PostgreSQL's server programs, of the newest version; nothing if there is none.
postgres_programs() {
  local folder
  folder=$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
  if [ ! -x "$folder/initdb" ]; then
    folder=$(command -v initdb || true)
    folder=${folder:+$(dirname "$(readlink -f "$folder")")}
  fi
  [ -z "$folder" ] || printf '%s\n' "$folder"
}

# Makes sure that there is a Swift new enough for Package.swift.
require_swift() {
  command -v swift >/dev/null || fail "Swift 6.2 or newer is needed, and there is no swift in PATH: see swift.org/install"
  local version
  version=$(swift --version 2>&1 | sed -n 's/.*Swift version \([0-9]*\.[0-9]*\).*/\1/p' | head -n 1)
  [ "$(printf '6.2\n%s\n' "$version" | sort -V | head -n 1)" = 6.2 ] ||
    fail "Swift 6.2 or newer is needed, this is ${version:-unknown}"
}

# What tests need beside those below: Python with virtual environments, a compiler for its llhttp, a browser, and a
# proxy, a pooler of database connections, and a compiler for what clients generate.
TEST_PACKAGES=(python3-venv python3-dev gcc elfutils chromium chromium-driver nginx pgbouncer kotlin libjackson2-annotations-java)
# What building the gateway needs on Debian, beside Swift.
BUILD_PACKAGES=(libpq-dev libssl-dev zlib1g-dev pkg-config ca-certificates)
# What running it needs: time zones, and PostgreSQL for the all-in-one profile.
RUN_PACKAGES=(tzdata util-linux postgresql)
