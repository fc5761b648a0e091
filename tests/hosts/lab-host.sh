# Sourced by lab: one host. Its disk is a file system in a file, over the base; it is mounted in a mount namespace that
# the host's processes are the last to hold, so that nothing is left mounted whatever becomes of them.

dir_of() { echo "$(lab_of "$1")/hosts/$2"; }

make_host() {
    local name=$1 host=$2 base=$3 disk=$4 clock=$5 at
    shift 5
    at=$(dir_of "$name" "$host")
    mkdir -p "$at/disk" "$at/root"
    truncate -s "$disk" "$at/disk.img"
    mkfs.ext4 -q -F -E lazy_itable_init=1,lazy_journal_init=1,nodiscard "$at/disk.img"
    base_of "$base" > "$at/base"
    printf '%s\n' "$@" > "$at/binds"
    [[ $clock == real ]] || touch "$at/clock"
    tr -d - < /proc/sys/kernel/random/uuid > "$at/machine-id"
    mkdir "$at/ssh"
    ssh-keygen -q -t ed25519 -N '' -C "root@$host" -f "$at/ssh/ssh_host_ed25519_key"
    echo "$(address_of "$name" "$host") $(cut -d' ' -f1,2 "$at/ssh/ssh_host_ed25519_key.pub")" \
        >> "$(lab_of "$name")/known_hosts"
}

# Names of the lab, for its hosts and for who looks after them.
write_names() {
    local name=$1 each
    {
        echo '127.0.0.1 localhost'
        echo '::1 localhost'
        for each in $(hosts_of "$name"); do
            echo "$(address_of "$name" "$each") $each"
        done
    } > "$(lab_of "$name")/names"
}

start_host() {
    local name=$1 host=$2 at
    at=$(dir_of "$name" "$host")
    setsid unshare --mount --propagation private "$self" .boot "$name" "$host" \
        < /dev/null > "$at/console" 2>&1 8>&- &
    echo "$! $(started_at "$!")" > "$at/supervisor"
}

# The host's supervisor, which ends with it. Only here are its disks mounted.
boot() {
    local name=$1 host=$2 at number options=() bind status
    at=$(dir_of "$name" "$host")
    number=$(number_of "$name")
    join_groups "$name" "$host"
    # What an earlier life left is replayed from the journal, as after a power loss.
    mount -o loop "$at/disk.img" "$at/disk"
    mkdir -p "$at/disk/upper" "$at/disk/work"
    mount -t overlay -o "lowerdir=$(cat "$at/base"),upperdir=$at/disk/upper,workdir=$at/disk/work" lab "$at/root"
    [[ -e $at/root/etc/hostname ]] || settle_host "$name" "$host"
    while read -r bind; do
        [[ -z $bind ]] || options+=(--bind-ro="$bind")
    done < "$at/binds"
    # As on any Debian, whatever this machine has.
    export SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1
    # 133: the host wants to start anew.
    for ((status = 133; status == 133;)); do
        status=0
        systemd-nspawn --quiet --directory="$at/root" --boot --register=no --keep-unit --settings=no \
            --machine="pgml$number-$host" --hostname="$host" --uuid="$(cat "$at/machine-id")" \
            --network-bridge="$(bridge_of "$number")" --capability=CAP_NET_ADMIN,CAP_NET_RAW \
            --resolv-conf=off --timezone=off --link-journal=no "${options[@]}" || status=$?
    done
}

# The first time only: afterwards the disk is the host's.
settle_host() {
    local name=$1 host=$2 at root number address
    at=$(dir_of "$name" "$host")
    root=$at/root
    number=$(number_of "$name")
    address=$(address_of "$name" "$host")
    echo "$host" > "$root/etc/hostname"
    cp "$at/machine-id" "$root/etc/machine-id"
    cp "$(lab_of "$name")/names" "$root/etc/hosts"
    cp --remove-destination -L /etc/resolv.conf "$root/etc/resolv.conf"
    install -m 600 "$at/ssh/ssh_host_ed25519_key" "$at/ssh/ssh_host_ed25519_key.pub" "$root/etc/ssh"
    [[ ! -e $at/clock ]] || settle_clock "$root"
    cat > "$root/etc/systemd/network/10-host0.network" << END
[Match]
Name=host0

[Network]
Address=$address/24
Address=fd70:6c61:6200:$number::${address##*.}/64
Gateway=$net.$number.1
LinkLocalAddressing=ipv6
IPv6AcceptRA=no
END
}

# Groups of its own: a host that shared them would see, and freeze, the processes of others.
groups_of() {
    local root
    for root in /sys/fs/cgroup /sys/fs/cgroup/unified /sys/fs/cgroup/systemd; do
        [[ ! -e $root/cgroup.procs ]] || echo "$root/pgmahout-lab/$1-$2"
    done
}

join_groups() {
    local group
    for group in $(groups_of "$1" "$2"); do
        mkdir -p "$group"
        echo $$ > "$group/cgroup.procs"
    done
}

remove_groups() {
    local group
    for group in $(groups_of "$1" "$2"); do
        [[ -d $group ]] || continue
        find "$group" -depth -type d -exec rmdir {} + 2> /dev/null || true
        rmdir "${group%/*}" 2> /dev/null || true
    done
}

started_at() { sed 's/.*) //' "/proc/$1/stat" 2> /dev/null | cut -d' ' -f20; }

# The pid of what keeps the host; false when it is off. A number that belongs to another process by now is nobody's.
supervisor_of() {
    local pid started
    read -r pid started 2> /dev/null < "$(dir_of "$1" "$2")/supervisor" || return 1
    [[ -n $started && $(started_at "$pid") == "$started" ]] || return 1
    [[ $(sed 's/.*) //' "/proc/$pid/stat" | cut -d' ' -f1) != Z ]] && echo "$pid"
}

# The host's own process 1, as this machine numbers it.
init_of() {
    local supervisor pid
    supervisor=$(supervisor_of "$1" "$2") || return 1
    for pid in $(children_of $(children_of "$supervisor")); do
        [[ $(sed -n 's/^NSpid:.*\t//p' "/proc/$pid/status" 2> /dev/null) == 1 ]] && echo "$pid" && return
    done
    return 1
}

children_of() {
    local pid
    for pid in "$@"; do
        cat "/proc/$pid/task/$pid/children" 2> /dev/null || true
    done
}

state_of() {
    local init frozen
    if ! init=$(init_of "$1" "$2"); then
        # Between two lives its supervisor is there, and its disk is not let go of.
        if supervisor_of "$1" "$2" > /dev/null; then echo changing; else echo off; fi
        return
    fi
    frozen=$(freezer_of "$1" "$2")
    if grep -qs 'frozen 1' "${frozen%/*}/cgroup.events"; then echo "frozen $init"; else echo "on $init"; fi
}

# Until sshd answers. A host that dies meanwhile is said so at once.
await_host() {
    local name=$1 host=$2 until=$((SECONDS + boot_limit))
    until answers "$name" "$host"; do
        if ! supervisor_of "$name" "$host" > /dev/null; then
            tail -5 "$(dir_of "$name" "$host")/console" >&2
            die "$name/$host did not start"
        fi
        [[ $SECONDS -lt $until ]] || die "$name/$host does not answer after $boot_limit s"
        sleep 0.1
    done
}

answers() {
    local init
    init=$(init_of "$1" "$2") || return 1
    # By its own end, so that a cut line is no reason to wait. Listening on all addresses (00…:0016), state 0A.
    grep -qs ':0016 0*:0000 0A' "/proc/$init/net/tcp"
}

await_off() {
    local name=$1 host=$2 until=$((SECONDS + 20)) image
    image=$(dir_of "$name" "$host")/disk.img
    # The disk is let go of when the last process and its namespace are gone.
    while supervisor_of "$name" "$host" > /dev/null || [[ -n $(losetup -j "$image") ]]; do
        [[ $SECONDS -lt $until ]] || die "$name/$host does not end"
        sleep 0.02
    done
}

in_disk() {
    local supervisor
    supervisor=$(supervisor_of "$1" "$2") || die "$1/$2 is off" 4
    shift 2
    nsenter -t "$supervisor" -m "$@"
}

host_exec() {
    local init
    [[ $# -gt 0 ]] || die 'lab exec HOST COMMAND...' 2
    init=$(init_of "$lab" "$host") || die "$lab/$host is off" 4
    # A host that goes down stops every process before it ends them. nsenter would stop with the command that it waits
    # for, for ever; a shell, itself not among the host's processes, only waits.
    exec nsenter -t "$init" -m -u -i -n -p -C -r -w --no-fork -- /bin/sh -c '"$@"; exit $?' sh \
        /usr/bin/env -i HOME=/root TERM="${TERM:-dumb}" LANG=C.UTF-8 \
        PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@"
}

host_ssh() {
    exec ssh -q -i "$store/ssh/id_ed25519" -o UserKnownHostsFile="$(lab_of "$lab")/known_hosts" \
        -o StrictHostKeyChecking=yes -o IdentitiesOnly=yes -o ConnectTimeout=5 \
        "root@$(address_of "$lab" "$host")" "$@"
}

# First the line, or the kernel would say goodbye for the dying processes; then the disk, so that what was written and
# not flushed is gone; then everything that runs.
host_power_off() {
    init_of "$lab" "$host" > /dev/null || die "$lab/$host is off" 4
    stop_host "$lab" "$host"
    await_off "$lab" "$host"
    remove_groups "$lab" "$host"
}

stop_host() {
    local name=$1 host=$2 init
    ip link set "$(line_of "$(number_of "$name")" "$host")" down 2> /dev/null || true
    if init=$(init_of "$name" "$host"); then
        lose_disk "$name" "$host" || true
        kill -9 "$init" 2> /dev/null || true
    fi
    # Death comes to the frozen too; the supervisor has to see it.
    thaw_host "$name" "$host"
    [[ -n $init ]] || kill_groups "$name" "$host"
}

# What a supervisor left that did not live to its host's end.
kill_groups() {
    local group pids
    for group in $(groups_of "$1" "$2"); do
        pids=$(find "$group" -name cgroup.procs -exec cat {} + 2> /dev/null || true)
        [[ -z $pids ]] || kill -9 $pids 2> /dev/null || true
    done
}

# The kernel's own way to play a disk without power: FS_IOC_SHUTDOWN without flushing anything. A file system that is
# frozen would hold those that wait for it.
lose_disk() {
    local disk
    disk=$(dir_of "$1" "$2")/disk
    in_disk "$1" "$2" fsfreeze -u "$disk" 2> /dev/null || true
    in_disk "$1" "$2" perl -e '$how = pack("L", 2); open(D, "<", $ARGV[0]) and ioctl(D, 0x8004587D, $how) or die $!' \
        "$disk"
}

host_power_on() {
    ! supervisor_of "$lab" "$host" > /dev/null || die "$lab/$host is on" 5
    start_host "$lab" "$host"
    await_host "$lab" "$host"
}

# The file that stops every process of the host.
freezer_of() {
    local group
    for group in $(groups_of "$1" "$2"); do
        [[ ! -e $group/cgroup.freeze ]] || { echo "$group/cgroup.freeze"; return; }
    done
}

host_freeze() {
    local freezer
    init_of "$lab" "$host" > /dev/null || die "$lab/$host is off" 4
    freezer=$(freezer_of "$lab" "$host")
    [[ -n $freezer ]] || die 'this kernel cannot freeze a group' 3
    echo 1 > "$freezer"
    until grep -q 'frozen 1' "${freezer%/*}/cgroup.events"; do sleep 0.01; done
}

thaw_host() {
    local freezer
    freezer=$(freezer_of "$1" "$2")
    [[ -z $freezer ]] || echo 0 > "$freezer"
}

host_thaw() { thaw_host "$lab" "$host"; }

# Through a library that is loaded into every service: what waits for a time, and the kernel, go by the real clock.
# A program that asks the kernel by itself (one made with Go, such as etcd) sees the real clock too.
host_clock() {
    local ahead=${1:?lab clock HOST SECONDS}
    [[ $ahead =~ ^[+-]?[0-9]+$ ]] || die "'$ahead' is no number of seconds" 2
    [[ -e $(dir_of "$lab" "$host")/clock ]] || die "the clocks of '$lab' are real: lab up ... --clock" 3
    [[ $ahead == [+-]* ]] || ahead=+$ahead
    in_disk "$lab" "$host" sh -c "echo '$ahead' > '$(dir_of "$lab" "$host")/root/etc/faketimerc'"
}

settle_clock() {
    local root=$1 library
    library=$(cd "$root" && ls usr/lib/*/faketime/libfaketime.so.1)
    mkdir -p "$root/etc/systemd/system.conf.d"
    echo '+0' > "$root/etc/faketimerc"
    cat > "$root/etc/systemd/system.conf.d/clock.conf" << END
[Manager]
DefaultEnvironment=LD_PRELOAD=/$library FAKETIME_CACHE_DURATION=1 FAKETIME_DONT_FAKE_MONOTONIC=1
END
}

host_disk() {
    local disk
    disk=$(dir_of "$lab" "$host")/disk
    case ${1:-} in
        stick) in_disk "$lab" "$host" fsfreeze -f "$disk" ;;
        free) in_disk "$lab" "$host" fsfreeze -u "$disk" ;;
        # Room that is taken and never written, in no time, then what is left of it. Also root's reserve, which the
        # overlay gives to everybody.
        fill)
            in_disk "$lab" "$host" sh -c "cd '$disk' && fallocate -l \$((\$(stat -f -c '%f * %S' .) - 2097152)) full &&
                { head -c 8M /dev/zero > rest; } 2> /dev/null; sync -f ."
            ;;
        empty) in_disk "$lab" "$host" rm -f "$disk/full" "$disk/rest" ;;
        *) die 'lab disk HOST stick|free|fill|empty' 2 ;;
    esac
}
