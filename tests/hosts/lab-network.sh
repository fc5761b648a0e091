# Sourced by lab: a bridge for each lab, the way out for its hosts, and everything that can be wrong with a line.

bridge_of() { echo "pgml-$1"; }
# What nspawn calls our end of a host's line; a name of an interface has 15 letters at most.
line_of() { echo "vb-pgml$1-$2"; }
number_of() { cat "$(lab_of "$1")/number"; }
address_of() { echo "$net.$(number_of "$1").$((10 + ${2#db}))"; }

free_number() {
    local number
    for ((number = 1; number < 100; number++)); do
        [[ ! -e /sys/class/net/$(bridge_of "$number") ]] || continue
        grep -qx "$number" "$store"/labs/*/number 2> /dev/null && continue
        [[ -z $(ip -4 route show root "$net.$number.0/24") ]] || continue
        echo "$number"
        return
    done
    return 1
}

make_network() {
    local number=$1 bridge subnet
    bridge=$(bridge_of "$number")
    subnet=$net.$number.0/24
    ip link add "$bridge" type bridge forward_delay 0 mcast_snooping 0
    ip address add "$net.$number.1/24" dev "$bridge"
    ip -6 address add "fd70:6c61:6200:$number::1/64" dev "$bridge" nodad
    ip link set "$bridge" up
    # The way out: packages, names. What hosts say to each other is none of this machine's business.
    [[ -e $store/forward ]] || cat /proc/sys/net/ipv4/ip_forward > "$store/forward"
    echo 1 > /proc/sys/net/ipv4/ip_forward
    nft -f - << END
table ip pgml_$number {
    chain early { type filter hook prerouting priority raw; ip saddr $subnet ip daddr $subnet notrack; }
    chain out { type nat hook postrouting priority srcnat; ip saddr $subnet ip daddr != $subnet masquerade; }
}
END
}

remove_network() {
    local number=$1
    nft delete table ip "pgml_$number" 2> /dev/null || true
    nft delete table bridge "pgml_$number" 2> /dev/null || true
    ip link delete "$(bridge_of "$number")" 2> /dev/null || true
    compgen -G '/sys/class/net/pgml-*' > /dev/null && return
    [[ ! -e $store/forward ]] || cat "$store/forward" > /proc/sys/net/ipv4/ip_forward
    rm -f "$store/forward"
}

# A cut is a line in the lab's file: FROM TO [WHICH FRAMES], where either may be 'any' or 'machine'. What is in force is
# that file, by the names of lines, so that a host that starts anew is cut as it was.
host_cut() {
    local cuts other end
    cuts=$(lab_of "$lab")/cuts
    case ${1:-} in
        '') printf '%s\n' "$host any" "any $host" ;;
        from)
            other=$(other_end "$2") || exit
            [[ -z ${3:-} || ${3:-} == port && ${4:-} =~ ^[0-9]+(,[0-9]+)*$ ]] ||
                die 'lab cut HOST from HOST2 port 2379,2380' 2
            if [[ -z ${3:-} ]]; then
                printf '%s\n' "$host $other" "$other $host"
            else
                for end in dport sport; do
                    printf '%s\n' "$host $other tcp $end { $4 }" "$other $host tcp $end { $4 }"
                done
            fi
            ;;
        to) other=$(other_end "$2") && echo "$host $other" ;;
        *) die 'lab cut HOST [from HOST2 [port PORTS] | to HOST2]' 2 ;;
    esac >> "$cuts"
    enforce "$lab"
}

# Some of all frames, by chance, in both directions.
host_lose() {
    [[ ${1:-} =~ ^[1-9][0-9]?$ ]] || die 'lab lose HOST PERCENT' 2
    printf '%s\n' "$host any numgen random mod 100 < $1" "any $host numgen random mod 100 < $1" \
        >> "$(lab_of "$lab")/cuts"
    enforce "$lab"
}

other_end() {
    local name=${1##*/}
    [[ $name == machine || -d $(lab_of "$lab")/hosts/$name ]] || die "lab '$lab' has no host '$name'" 4
    echo "$name"
}

heal_lab() {
    local each
    rm -f "$(lab_of "$1")/cuts"
    enforce "$1"
    for each in $(hosts_of "$1"); do
        quicken "$1" "$each"
    done
}

heal_host() {
    local cuts
    cuts=$(lab_of "$1")/cuts
    [[ ! -e $cuts ]] || sed -i -E "/(^| )$2( |\$)/d" "$cuts"
    enforce "$1"
    quicken "$1" "$2"
}

enforce() {
    local number
    number=$(number_of "$1")
    rules "$1" "$number" | nft -f -
}

# Frames, not packets: addresses that move between hosts, and questions to everybody, are cut too.
rules() {
    local name=$1 number=$2 from to which forward= input= output=
    while read -r from to which; do
        case $from,$to in
            *,any)
                forward+="iifname \"$(line_of "$number" "$from")\" $which drop; "
                input+="iifname \"$(line_of "$number" "$from")\" $which drop; "
                ;;
            any,*)
                forward+="oifname \"$(line_of "$number" "$to")\" $which drop; "
                output+="oifname \"$(line_of "$number" "$to")\" $which drop; "
                ;;
            *,machine) input+="iifname \"$(line_of "$number" "$from")\" $which drop; " ;;
            machine,*) output+="oifname \"$(line_of "$number" "$to")\" $which drop; " ;;
            *)
                forward+="iifname \"$(line_of "$number" "$from")\" oifname \"$(line_of "$number" "$to")\" $which drop; "
                ;;
        esac
    done < <(cat "$(lab_of "$name")/cuts" 2> /dev/null)
    cat << END
table bridge pgml_$number
delete table bridge pgml_$number
table bridge pgml_$number {
    chain between { type filter hook forward priority 0; $forward }
    chain inwards { type filter hook input priority 0; $input }
    chain outwards { type filter hook output priority 0; $output }
}
END
}

# Both directions: our end holds back what the host gets, its own end what it sends.
host_slow() {
    local rate=${1:?lab slow HOST RATE [DELAY]} delay=${2:-} line init shape
    init=$(init_of "$lab" "$host") || die "$lab/$host is off" 4
    line=$(line_of "$(number_of "$lab")" "$host")
    shape=(tbf rate "$rate" burst 32kb latency 500ms)
    [[ -z $delay ]] || shape=(netem rate "$rate" delay "$delay")
    tc qdisc replace dev "$line" root "${shape[@]}" &&
        nsenter -t "$init" -n tc qdisc replace dev host0 root "${shape[@]}" ||
        die "this kernel has no ${shape[0]}" 3
}

quicken() {
    local init
    tc qdisc delete dev "$(line_of "$(number_of "$1")" "$2")" root 2> /dev/null || true
    init=$(init_of "$1" "$2") || return 0
    nsenter -t "$init" -n tc qdisc delete dev host0 root 2> /dev/null || true
}
