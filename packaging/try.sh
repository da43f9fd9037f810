#!/usr/bin/env bash
# Tries the packages of a folder in empty Debian roots without Rust and without network, as root: a newcomer's first minute.
# usage: packaging/try.sh [PACKAGES [SUITE]]; needs mmdebstrap, whose two roots are kept in $ROOTS and used again.
set -euo pipefail

packages=$(realpath "${1:-target/packages}")
suite=${2:-stable}
roots=${ROOTS:-/tmp/voronka-roots}
mirror=${MIRROR:-http://deb.debian.org/debian}
bare=$roots/$suite full=$roots/$suite-shells
archive=$(basename "$packages"/voronka-*-linux-gnu.tar.xz)
folder=/opt/${archive%.tar.xz}

say() { printf '\n== %s\n' "$*"; }

fail() {
    echo "try: $*" >&2
    exit 1
}

# Runs a line in a root: no network but an unconnected one, a plain user, nothing of our environment.
inside() {
    local root=$1 user=$2
    shift 2
    unshare --net --mount --pid --fork --kill-child chroot "$root" /usr/bin/setpriv --reuid="$user" --regid="$user" --clear-groups \
        /usr/bin/env -i PATH=/usr/bin:/bin:/usr/sbin:/sbin HOME=/home/new TERM=dumb "${extra[@]}" /bin/sh -euc "$*"
}
extra=(X=)

mkdir -p "$roots"
[ -d "$bare" ] || mmdebstrap --variant=minbase "$suite" "$bare" "$mirror" 2>/dev/null
[ -d "$full" ] || mmdebstrap --variant=minbase --include=man-db,bash-completion,zsh,fish "$suite" "$full" "$mirror" 2>/dev/null
for root in "$bare" "$full"; do
    rm -rf "${root:?}/opt/"* "$root/home/new" "$root/tmp/work" # what an earlier run left
    mkdir -p "$root/home/new" "$root/tmp/work"
    chown 1000:1000 "$root/home/new" "$root/tmp/work"
done

(cd "$packages" && sha256sum --check SHA256SUMS)

say "archive, unpacked and the first report, $suite"
[ -x "$bare/usr/bin/xz" ] || echo "(no xz in this root: unpacked from outside)"
time tar xf "$packages/$archive" -C "$bare/opt"
time inside "$bare" 1000 "cd && $folder/voronka demo 2>/dev/null" | tail -2
[ -s "$bare/home/new/demo/report/weekly.html" ] || fail "no report"

say "LANG=C, then a locale that is not there: the same report"
for extra in "LANG=C LC_ALL=C" "LANG=ru_RU.UTF-8"; do
    read -ra extra <<<"$extra"
    inside "$bare" 1000 "cd /tmp/work && $folder/voronka demo --out demo" >/dev/null 2>&1
    cmp "$bare/home/new/demo/report/weekly.html" "$bare/tmp/work/demo/report/weekly.html"
done
extra=(X=)

say "a HOME that cannot be written to"
chown 0:0 "$bare/home/new" && chmod 555 "$bare/home/new"
inside "$bare" 1000 "cd /tmp/work && ! touch ~/x 2>/dev/null && $folder/voronka demo >/dev/null 2>&1 && cd demo && $folder/voronka sql 'SELECT count(*) AS deals FROM deals'"
chmod 755 "$bare/home/new" && chown 1000:1000 "$bare/home/new"

say "a folder that cannot be written to: refused in words"
inside "$bare" 1000 "cd / && $folder/voronka demo" && fail "wrote into /"

listed() { (cd "$full" && find bin/ etc home opt root sbin/ usr var -xdev -path var/lib/dpkg -prune -o -path var/cache/man -prune -o -print | grep -v '^var/log/' | sort); }

say ".deb: installed, manual page, completions, purged"
listed >"$roots/before"
cp "$packages"/voronka_*.deb "$full/tmp/voronka.deb"
time inside "$full" 0 "dpkg --install /tmp/voronka.deb"
inside "$full" 1000 "cd && voronka demo --lang en 2>/dev/null" | tail -1
inside "$full" 1000 "cd && man voronka-ingest" | head -20
extra=(LANG=C.UTF-8)
inside "$full" 1000 "man voronka; man voronka-report" | grep -a -e Север -e '→' -e 'С чего' || fail "a page lost its letters"
extra=(X=)
inside "$full" 1000 "exec bash -c '. /usr/share/bash-completion/bash_completion; _completion_loader voronka; COMP_WORDS=(voronka rep); COMP_CWORD=1; _voronka voronka rep voronka; echo bash: \${COMPREPLY[*]}'"
inside "$full" 1000 "exec zsh -fc 'autoload -Uz compinit; compinit -u -D; echo zsh: \$_comps[voronka]'"
inside "$full" 1000 "exec fish -c 'complete --do-complete \"voronka rep\"'"
rm -rf "$full/home/new" && mkdir "$full/home/new" # the demo, and what fish keeps
inside "$full" 0 "dpkg --purge voronka"
rm "$full/tmp/voronka.deb"
listed | diff "$roots/before" - && echo "nothing is left"
