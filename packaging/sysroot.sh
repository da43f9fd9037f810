#!/usr/bin/env bash
# Makes a folder with the C library of an older Debian to link with: packaging/sysroot.sh DIR [SUITE], by default bullseye.
# What is linked with it runs there and on everything later. Needs mmdebstrap.
set -euo pipefail
folder=${1:?usage: packaging/sysroot.sh DIR [SUITE]}
mmdebstrap --variant=extract --include=libc6-dev "${2:-bullseye}" "$folder" "${MIRROR:-http://deb.debian.org/debian}"
# links that begin with / would lead to the libraries of this machine
find "$folder" -type l -lname '/*' | while read -r link; do
    inside=$folder$(readlink "$link")
    ln -sfn "$(realpath --canonicalize-missing --relative-to="$(dirname "$link")" "$inside")" "$link"
done
