# Sourced by ./pgmahout and ./test: what a fresh machine lacks is installed, what is stale is built.
# Everything it says goes to stderr; only failures show what apt or the compiler said.

# Builtins only where every run passes: a started process costs a millisecond.
root=${BASH_SOURCE[0]%/scripts/*}
[[ $root == /* ]] || root=$PWD/$root
root=${root%/.}
artifacts=$root/artifacts
program=$artifacts/publish/current/pgmahout
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

say() { echo "pgmahout: $*" >&2; }

# refuse WHAT WHY DO: a condition for running is not met; nothing was changed.
refuse() {
    printf 'error: %s\n  because    %s\n  nothing was changed\n  try        %s\n' "$1" "$2" "$3" >&2
    exit 3
}

# logged NAME COMMAND...: runs quietly; shows the log only when the command fails.
logged() {
    local log=$artifacts/log/$1.log
    shift
    mkdir -p "$artifacts/log"
    # The lock is ours alone: a server that the build leaves behind must not keep it.
    "$@" > "$log" 2>&1 < /dev/null 9>&- && return
    if grep -qE '(error|warning) [A-Za-z]+[0-9]+:' "$log"; then
        grep -E '(error|warning) [A-Za-z]+[0-9]+:' "$log" | sort -u | head -40 >&2
    else
        tail -40 "$log" >&2
    fi
    say "failed: $* (the whole log: $log)"
    return 1
}

has_postgres() { compgen -G '/usr/lib/postgresql/*/bin/postgres' > /dev/null || command -v postgres > /dev/null; }

missing_packages() {
    has_postgres || printf ' postgresql'
    command -v setpriv > /dev/null || printf ' util-linux'
}

require_packages() {
    local missing
    if has_postgres && command -v setpriv > /dev/null; then
        return
    fi
    missing=$(missing_packages)
    if ! command -v apt-get > /dev/null; then
        refuse 'system packages are missing' "not found:$missing; there is no apt-get to install them with" \
            'install PostgreSQL 14 to 18 (server) and util-linux, then run this again'
    elif [[ $EUID -ne 0 ]]; then
        refuse 'system packages are missing' "not found:$missing; only root may install them" \
            "sudo $root/scripts/install-packages"
    fi
    say "installing$missing (once)"
    logged packages "$root/scripts/install-packages" || exit 1
    has_postgres && command -v setpriv > /dev/null && return
    say "apt reported success, and these are still missing:$(missing_packages)"
    exit 1
}

install_sdk='sudo apt-get install dotnet-sdk-10.0
             (on Debian, first: https://learn.microsoft.com/dotnet/core/install/linux-debian)'

require_dotnet() {
    if ! command -v dotnet > /dev/null; then
        refuse 'the .NET 10 SDK is missing' 'there is no dotnet command on the PATH' \
            "$install_sdk"
    fi
    # The built program looks for the runtime in DOTNET_ROOT, then in the system's own places, but not on the PATH.
    if [[ -z ${DOTNET_ROOT:-} && ! -e /etc/dotnet && ! -e /usr/share/dotnet && ! -e /usr/lib/dotnet ]]; then
        DOTNET_ROOT=$(dirname "$(readlink -f "$(command -v dotnet)")")
        export DOTNET_ROOT
    fi
}

require_sdk() {
    dotnet --list-sdks 2> /dev/null | grep -q '^10\.' && return
    refuse 'the .NET 10 SDK is missing' \
        "dotnet is there, with these SDKs: $(dotnet --list-sdks 2> /dev/null | cut -d' ' -f1 | xargs)" \
        "$install_sdk"
}

# Directories count too: a deleted file leaves no other trace.
is_stale() {
    [[ ! -x $program || ! -e $artifacts/publish/stamp ]] && return 0
    [[ -n $(find "$root/src" "$root"/*.props "$root/global.json" "$root/BannedSymbols.txt" "$root/.editorconfig" \
        -newer "$artifacts/publish/stamp" -print -quit) ]]
}

# in_turn COMMAND...: one build at a time in this tree. What runs here checks each step itself.
in_turn() {
    local status=0
    mkdir -p "$artifacts"
    exec 9> "$artifacts/build.lock"
    if ! flock -n 9; then
        say 'another build is running here; waiting for it'
        flock 9
    fi
    "$@" || status=$?
    exec 9>&-
    return "$status"
}

dotnet_build() {
    local name=$1
    shift
    logged "$name" dotnet "$@" -c Release -v quiet --disable-build-servers
}

# A build goes to a directory of its own and then becomes the current one: a cluster that runs keeps the files it was
# started from, because a mapped file that changes kills the process that mapped it.
publish() {
    local runtime build previous
    is_stale || return 0
    require_sdk
    case $(uname -m) in
        x86_64) runtime=linux-x64 ;;
        aarch64) runtime=linux-arm64 ;;
        *) refuse 'this processor is not supported' "uname -m says $(uname -m)" 'use an x86-64 or arm64 machine' ;;
    esac
    say 'building (once per change)'
    # The stamp is older than anything edited while the compiler runs.
    mkdir -p "$artifacts/publish" && : > "$artifacts/publish/stamp.next" || return 1
    build=$(mktemp -d "$artifacts/publish/build.XXXXXX") && chmod 755 "$build" || return 1
    dotnet_build publish publish "$root/src/PgMahout" -o "$build" \
        -r "$runtime" --no-self-contained -p:PublishReadyToRun=true || return 1
    previous=$(readlink "$artifacts/publish/current")
    ln -sfnT "${build##*/}" "$artifacts/publish/next" &&
        mv -T "$artifacts/publish/next" "$artifacts/publish/current" &&
        mv "$artifacts/publish/stamp.next" "$artifacts/publish/stamp" || return 1
    remove_builds_except "$previous"
}

# The previous one stays, for whoever is about to start it.
remove_builds_except() {
    local build running
    running=$(readlink /proc/[0-9]*/exe 2> /dev/null || true)
    for build in "$artifacts"/publish/build.*; do
        [[ $build -ef $artifacts/publish/current || ${build##*/} == "$1" || $running == *"$build/"* ]] ||
            rm -rf "$build"
    done
}

# What we cannot install comes first, so that "nothing was changed" is true.
prepare() {
    require_dotnet
    require_packages
}
