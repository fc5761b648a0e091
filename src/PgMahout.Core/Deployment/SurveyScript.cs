namespace PgMahout.Core.Deployment;

/// <summary>
/// What is run on a host to look at it: the shell and tools that every Debian has, and nothing of ours. It changes
/// nothing. Each line of its output is a word, a tab, and what was found.
/// </summary>
public static class SurveyScript
{
    public const string Text =
        """
        set -u
        export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
        say() { printf '%s\t%s\n' "$1" "$2"; }
        each() { while IFS= read -r line; do say "$1" "$line"; done; }
        say time "$(date +%s.%N)"
        say uid "$(id -u)"
        say machine "$(cat /etc/machine-id 2> /dev/null)"
        say architecture "$(uname -m)"
        each os < /etc/os-release
        for tool in apt-get dnf yum; do command -v $tool > /dev/null 2>&1 && say manager $tool; done
        [ -d /run/systemd/system ] && say systemd yes
        ip -o addr show | awk '{ split($4, a, "/"); print $2 " " a[1] }' | each address
        ss -Hltnp | awk '{ print $4 " " $6 }' | each listener
        id -u postgres > /dev/null 2>&1 && say account yes
        for file in /usr/lib/postgresql/*/bin/postgres; do
            [ -x "$file" ] && say postgres "$(basename "$(dirname "$(dirname "$file")")")"
        done
        command -v etcd > /dev/null 2>&1 && say etcd yes
        [ -L /opt/pgmahout/current ] && say current "$(readlink /opt/pgmahout/current)"
        for file in /opt/pgmahout/*/pgmahout; do [ -x "$file" ] && say program "$(basename "$(dirname "$file")")"; done
        for root in /opt/pgmahout/dotnet /usr/share/dotnet /usr/lib/dotnet; do
            for file in "$root"/shared/Microsoft.NETCore.App/*/libcoreclr.so; do
                [ -e "$file" ] && say runtime "$(basename "$(dirname "$file")")"
            done
        done
        if [ -d /var/lib/pgmahout ]; then
            say home yes
            ls -A /var/lib/pgmahout | each entry
        fi
        [ -d /var/lib/pgmahout/etcd/member ] && say voter yes
        [ -f /var/lib/pgmahout/host.json ] && each host < /var/lib/pgmahout/host.json
        for file in /var/lib/pgmahout/members/*/data/PG_VERSION; do
            [ -e "$file" ] && say data "$(dirname "$file")"
        done
        for file in /var/lib/pgmahout/certs/* /var/lib/pgmahout/region/host.json /var/lib/pgmahout/region/certs/* \
            /var/lib/pgmahout/secrets/repository-* /etc/pgmahout/* /etc/systemd/system/pgmahout-* \
            /etc/systemd/system/pgmahout-*.d/* /usr/local/bin/pgmahout; do
            [ -f "$file" ] && say digest "$(sha256sum "$file")"
        done
        for file in /etc/systemd/system/pgmahout-*; do
            [ -f "$file" ] || continue
            unit=$(basename "$file")
            systemctl is-active --quiet "$unit" && say active "$unit"
            systemctl is-enabled --quiet "$unit" 2> /dev/null && say enabled "$unit"
        done
        authority=/var/lib/pgmahout/certs/ca.crt
        since=$(systemctl show -p ActiveEnterTimestamp --value pgmahout-etcd.service 2> /dev/null)
        [ -f $authority ] && [ -n "$since" ] && [ "$(date -d "$since" +%s)" -lt "$(stat -c %Y $authority)" ] \
            && say outdated pgmahout-etcd.service
        if command -v ufw > /dev/null 2>&1 && ufw status | grep -q 'Status: active'; then
            say firewall ufw
        elif command -v firewall-cmd > /dev/null 2>&1 && firewall-cmd --state > /dev/null 2>&1; then
            say firewall firewalld
        elif command -v nft > /dev/null 2>&1 && nft list ruleset | grep -q 'hook input'; then
            say firewall nftables
        fi
        say free "$(df -Pk /var/lib | awk 'NR == 2 { print $4 }')"
        say end yes

        """;
}
