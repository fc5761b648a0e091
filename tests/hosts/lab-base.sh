# Sourced by lab: what all disks stand on, a Debian without anything of one host. Made once, from the packages that
# this machine's own apt gets, in the way it gets them.

bare_packages=systemd,systemd-sysv,dbus,openssh-server,sudo,nftables,iproute2,iputils-arping,iputils-ping
bare_packages+=,ca-certificates,procps,libfaketime
ready_packages=(postgresql-15 postgresql-contrib etcd-server etcd-client)
# Made anew when it is made otherwise.
declare -A edition=([bare]=2 [ready]=3)

base_of() { echo "$store/bases/$1-${edition[$1]:-0}"; }

codename() { sed -n 's/^VERSION_CODENAME=//p' /etc/os-release; }

# The files of apt's sources that have this distribution in them; others are of no use to a host.
sources() {
    local name
    name=$(codename)
    grep -lE "(^|[[:space:]])$name([-/[:space:]]|\$)" /etc/apt/sources.list /etc/apt/sources.list.d/* 2> /dev/null
}

# Proxies, dates and certificates: whatever this machine was told about getting packages.
apt_settings() { apt-config dump Acquire | grep -vE '^Acquire::(IndexTargets|cdrom|Languages|CompressionTypes)| "";$'; }

make_base() {
    local kind=$1 at
    at=$(base_of "$kind")
    [[ ! -e $at/etc/os-release ]] || return 0
    make_key
    mkdir -p "$store/bases"
    rm -rf "$at.new"
    case $kind in
        bare) make_bare "$at.new" ;;
        ready)
            make_base bare
            make_ready "$at.new"
            ;;
        *) die "'$kind' is no base: bare or ready" 2 ;;
    esac
    mv "$at.new" "$at"
}

# Hosts are entered with a key of the lab, which never leaves this machine.
make_key() {
    [[ ! -e $store/ssh/id_ed25519 ]] || return 0
    mkdir -p -m 700 "$store/ssh"
    ssh-keygen -q -t ed25519 -N '' -C pgmahout-lab -f "$store/ssh/id_ed25519"
}

# quietly NAME COMMAND...: shows what it said only when it fails.
quietly() {
    local log=$store/$1.log
    shift
    "$@" > "$log" 2>&1 < /dev/null 8>&- && return
    tail -20 "$log" >&2
    die "failed: $* (the whole log: $log)"
}

make_bare() {
    local at=$1 origins options
    mapfile -t origins < <(sources)
    [[ ${#origins[@]} -gt 0 ]] || die "no source of apt's has $(codename)" 3
    options=$(mktemp)
    apt_settings > "$options"
    echo "lab: making a base of $(codename) (once)" >&2
    quietly base mmdebstrap --mode=root --variant=minbase --include="$bare_packages" --aptopt="$options" \
        "$(codename)" "$at" "${origins[@]}"
    rm -f "$options"
    chmod 755 "$at"
    # Each host makes its own.
    rm -f "$at"/etc/ssh/ssh_host_* "$at/etc/machine-id" "$at/var/lib/dbus/machine-id" "$at/etc/hostname"
    : > "$at/etc/machine-id"
    settle_base "$at"
}

# What a host needs to boot quickly and to be reached.
settle_base() {
    local at=$1 unit
    for unit in systemd-networkd ssh; do
        quietly base systemctl --root="$at" enable "$unit"
    done
    for unit in getty.target apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer \
        fstrim.timer systemd-networkd-wait-online.service console-getty.service; do
        quietly base systemctl --root="$at" mask "$unit"
    done
    mkdir -p "$at/var/log/journal" "$at/root/.ssh"
    install -m 600 "$store/ssh/id_ed25519.pub" "$at/root/.ssh/authorized_keys"
    # Somebody who is not root, may become it, and has the same key.
    quietly base chroot "$at" useradd --create-home --shell /bin/bash admin
    echo 'admin ALL=(ALL) NOPASSWD: ALL' > "$at/etc/sudoers.d/admin"
    install -d -m 700 "$at/home/admin/.ssh"
    install -m 600 "$store/ssh/id_ed25519.pub" "$at/home/admin/.ssh/authorized_keys"
    chroot "$at" chown -R admin: /home/admin/.ssh
}

# PostgreSQL without a cluster and etcd without a member: what runs is the business of whoever uses the host.
make_ready() {
    local at=$1
    echo "lab: adding ${ready_packages[*]} (once)" >&2
    cp -a "$(base_of bare)" "$at"
    cp --remove-destination -L /etc/resolv.conf "$at/etc/resolv.conf"
    printf '#!/bin/sh\nexit 101\n' > "$at/usr/sbin/policy-rc.d"
    chmod 755 "$at/usr/sbin/policy-rc.d"
    mkdir -p "$at/etc/postgresql-common"
    echo 'create_main_cluster = false' > "$at/etc/postgresql-common/createcluster.conf"
    quietly base chroot "$at" apt-get -q update
    quietly base env DEBIAN_FRONTEND=noninteractive chroot "$at" \
        apt-get -q -y -o Dpkg::Options::=--force-confold --no-install-recommends install "${ready_packages[@]}"
    quietly base chroot "$at" apt-get clean
    rm -f "$at/usr/sbin/policy-rc.d"
    quietly base systemctl --root="$at" disable etcd postgresql
}
