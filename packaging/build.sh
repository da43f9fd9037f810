#!/usr/bin/env bash
# Builds the packages of this checkout: an archive and a .deb, with their SHA-256 sums. Same sources, same bytes:
# nothing of the machine, the clock or the user gets into them. packaging/README.md says what is needed.
set -euo pipefail

usage() {
    cat <<'USAGE'
usage: packaging/build.sh [--target TRIPLE] [--sysroot DIR] [--binary FILE] [--docs-from FILE] [--out DIR]

  --target TRIPLE   what to build for [default: this machine]; any but Linux on x86-64 and ARM gets no .deb
  --sysroot DIR     links with the C library of this older Debian, which packaging/sysroot.sh makes
  --binary FILE     packs this release build instead of building one
  --docs-from FILE  the voronka that prints manual pages and completions, where the packed one cannot run here
  --out DIR         where the packages go [default: target/packages]
USAGE
}

fail() {
    echo "packaging: $*" >&2
    exit 2
}

cd "$(dirname "$0")/.."
binary='' docs_from='' sysroot='' out=target/packages
target=$(rustc -vV | sed -n 's/^host: //p')
while [ $# -gt 0 ]; do
    case "$1" in
    --target) target=${2:?} ;;
    --sysroot) sysroot=$(realpath "${2:?}") ;;
    --binary) binary=${2:?} ;;
    --docs-from) docs_from=${2:?} ;;
    --out) out=${2:?} ;;
    -h | --help) usage && exit ;;
    *) usage >&2 && exit 2 ;;
    esac
    shift 2
done

umask 022
export LC_ALL=C TZ=UTC
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)} || fail "no git here: set SOURCE_DATE_EPOCH"
export SOURCE_DATE_EPOCH
version=$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml | head -1)
name=voronka-$version-$target
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$out"

build() {
    # the folders of this machine would be in the messages of panics, and so in the bytes
    local cargo_home=${CARGO_HOME:-$HOME/.cargo}
    export RUSTFLAGS="--remap-path-prefix=$cargo_home=/cargo --remap-path-prefix=$PWD=/voronka ${RUSTFLAGS:-}"
    if [ -n "$sysroot" ]; then
        # with the host's folders first, cc would find the host's libc there
        local libraries=lib/${target/-unknown/}
        RUSTFLAGS+=" -Clink-arg=--sysroot=$sysroot -Clink-arg=-B$sysroot/usr/$libraries"
        RUSTFLAGS+=" -Clink-arg=-L$sysroot/usr/$libraries -Clink-arg=-L$sysroot/$libraries"
    fi
    cargo build --release --locked --features pdf --bin voronka --target "$target"
    local folder=${CARGO_TARGET_DIR:-target}/$target/release
    if [ -f "$folder/voronka.exe" ]; then binary=$folder/voronka.exe; else binary=$folder/voronka; fi
}

# Manual pages and completions, as the command line is defined.
documents() {
    local from=${docs_from:-$binary} to=$1 command
    mkdir -p "$to/man" "$to/completions"
    "$from" man >"$to/man/voronka.1"
    sed -n 's/^voronka\\-\(.*\)(1)$/\1/p' "$to/man/voronka.1" | while read -r command; do
        "$from" man "$command" >"$to/man/voronka-$command.1"
    done
    "$from" completions bash >"$to/completions/voronka.bash"
    "$from" completions zsh >"$to/completions/_voronka"
    "$from" completions fish >"$to/completions/voronka.fish"
}

# What users read: the README and the pages that it links to, shipped reports and presets to copy, examples.
reading() {
    local to=$1
    mkdir -p "$to/docs"
    cp README.md CHANGELOG.md "$to/"
    cp -r docs/guide docs/pictures docs/metrics.md docs/metrics.ru.md docs/GLOSSARY.md "$to/docs/"
    cp -r reports presets "$to/"
    cp -r packaging/examples "$to/examples"
}

licences() {
    local to=$1
    cp LICENSE-MIT LICENSE-APACHE "$to/"
    cp assets/fonts/OFL.txt "$to/OFL-font.txt"
    cargo metadata --locked --features pdf --format-version 1 --filter-platform "$target" | python3 packaging/notices.py >"$to/THIRD-PARTY.txt"
}

# Names of the libraries that a program wants, and the newest version of each symbol set: "libc.so.6 2.35".
wanted() {
    objdump -p "$1" | awk '
        $1 == "NEEDED" { newest[$2] = "" }
        /required from/ { library = $3; sub(":", "", library) }
        $4 ~ /^G(LIBC|CC)_[0-9.]+$/ { print library, substr($4, index($4, "_") + 1) }
        END { for (library in newest) print library, 0 }' | sort -k1,1 -k2,2V | awk '{ last[$1] = $2 } END { for (l in last) print l, last[l] }' | sort
}

# The same as a Depends field. A library that is in no list stops the packing: nobody would install it.
depends() {
    local library newest libc=0 libgcc=
    while read -r library newest; do
        case "$library" in
        libc.so.6 | libm.so.6 | ld-linux-*) libc=$(printf '%s\n%s\n' "$libc" "$newest" | sort -V | tail -1) ;;
        libgcc_s.so.1) libgcc=", libgcc-s1 (>= $newest)" ;;
        *) fail "voronka wants $library: name its Debian package in packaging/build.sh" ;;
        esac
    done < <(wanted "$1")
    echo "libc6 (>= $libc)$libgcc"
}

# One moment and plain rights for all files of a folder.
settle() {
    find "$1" -type d -exec chmod 755 {} +
    find "$1" -type f -exec chmod 644 {} +
    find "$1" -type f \( -path "$1/voronka*" -o -path '*/bin/voronka' -o -name '*.sh' \) -exec chmod 755 {} +
    find "$1" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +
}

archive() {
    local root=$work/$name
    mkdir "$root"
    case "$binary" in *.exe) cp "$binary" "$root/voronka.exe" ;; *) cp "$binary" "$root/voronka" ;; esac
    cp -r "$work/documents/." "$work/reading/." "$work/licences/." "$root/"
    settle "$root"
    # one thread: several would cut the stream into blocks, by how many there are
    tar --create --directory "$work" --format=gnu --sort=name --owner=0 --group=0 --numeric-owner "$name" |
        xz -9 --threads=1 >"$out/$name.tar.xz"
}

deb() {
    local architecture=$1 root=$work/deb wants
    wants=$(depends "$binary")
    local share=$root/usr/share doc=$root/usr/share/doc/voronka
    mkdir -p "$root/DEBIAN" "$root/usr/bin" "$share/man/man1" "$doc" "$share/bash-completion/completions" \
        "$share/zsh/vendor-completions" "$share/fish/vendor_completions.d"
    cp "$binary" "$root/usr/bin/voronka"
    cp "$work"/documents/man/* "$share/man/man1/"
    gzip -9n "$share"/man/man1/*
    cp "$work/documents/completions/voronka.bash" "$share/bash-completion/completions/voronka"
    cp "$work/documents/completions/_voronka" "$share/zsh/vendor-completions/"
    cp "$work/documents/completions/voronka.fish" "$share/fish/vendor_completions.d/"
    cp -r "$work/reading/." "$doc/"
    gzip -9n "$doc/CHANGELOG.md"
    cp "$work/licences/OFL-font.txt" "$doc/"
    gzip -9n <"$work/licences/THIRD-PARTY.txt" >"$doc/THIRD-PARTY.txt.gz"
    copyright >"$doc/copyright"
    cat >"$root/DEBIAN/control" <<CONTROL
Package: voronka
Version: $version
Architecture: $architecture
Maintainer: ${VORONKA_MAINTAINER:-The Voronka authors <voronka@localhost>}
Installed-Size: $(find "$root/usr" -type f -printf '%s\n' | awk '{ kib += int(($1 + 1023) / 1024) } END { print kib }')
Depends: $wants
Section: misc
Priority: optional
Description: sales analytics over CRM and advertising exports
 Turns the exports of a CRM and of advertising cabinets into a weekly report,
 judged against the company's own written sales regulation. One program, no
 server; the report is an HTML file. In Russian and English.
CONTROL
    (cd "$root" && find usr -type f -print0 | sort -z | xargs -0 md5sum) >"$root/DEBIAN/md5sums"
    settle "$root"
    # dpkg-deb takes the moment from SOURCE_DATE_EPOCH, and sorts
    DPKG_DEB_THREADS_MAX=1 dpkg-deb --root-owner-group -Zxz -z9 --build "$root" "$out/voronka_${version}_$architecture.deb" >/dev/null
}

copyright() {
    cat <<'HEAD'
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: voronka
Comment: THIRD-PARTY.txt.gz, beside this file, holds the licences of the crates that are linked in.

Files: *
Copyright: The Voronka authors
License: Expat or Apache-2.0

License: Apache-2.0
 On Debian systems, the text is in /usr/share/common-licenses/Apache-2.0.

License: Expat
HEAD
    sed -n '/^Copyright/,$p' LICENSE-MIT | sed 's/^$/./; s/^/ /'
}

[ -n "$binary" ] || build
[ -f "$binary" ] || fail "$binary: no such file"
documents "$work/documents"
mkdir "$work/reading" "$work/licences"
reading "$work/reading"
licences "$work/licences"
archive
packages=("$name.tar.xz")
case "$target" in
x86_64-unknown-linux-gnu) architecture=amd64 ;;
aarch64-unknown-linux-gnu) architecture=arm64 ;;
*) architecture='' ;;
esac
if [ -n "$architecture" ]; then
    deb "$architecture"
    packages+=("voronka_${version}_$architecture.deb")
fi
(cd "$out" && sha256sum "${packages[@]}" >SHA256SUMS && ls -l "${packages[@]}" SHA256SUMS)
case "$target" in *linux-gnu) wanted "$binary" | sed 's/^/wants /' ;; esac
for package in "${packages[@]}"; do
    [ "$(stat -c %s "$out/$package")" -le 50000000 ] || fail "$package is larger than 50 MB"
done
