#!/usr/bin/env bash
# setup-rootcanal.sh DIR: RootCanal 1.13.0 from PyPI, ready to run as DIR/rootcanal: on loopback only, without Nagle's delay.
# Its binary asks for glibc 2.39. Where the system's is older, a newer Debian release's C libraries are unpacked beside it and
# their loader starts it; the system itself is left as it is.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
dir=$(cd "$1" && pwd)
cd "$dir"
mkdir -p wheel
python3 -m pip download --quiet --no-deps --dest wheel rootcanal==1.13.0
python3 -m zipfile -e wheel/rootcanal-1.13.0-*.whl wheel/unpacked
cp wheel/unpacked/rootcanal/bin/linux-x86_64/* .
mv rootcanal rootcanal.elf
chmod +x rootcanal.elf
gcc -shared -fPIC -O1 -o nodelay.so "$here/nodelay.c" -ldl
glibc=$(ldd --version | sed -n '1s/.* //p')
if [ "$(printf '%s\n2.39\n' "$glibc" | sort -V | head -n 1)" = 2.39 ]; then
    printf '#!/bin/sh\nLD_PRELOAD=%s/nodelay.so exec %s/rootcanal.elf "$@"\n' "$dir" "$dir" > rootcanal
else
    mkdir -p apt/lists/partial apt/cache/archives/partial apt/state sys
    mirror=$(apt-get indextargets --format '$(REPO_URI)' | grep -v security | head -n 1)
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror trixie main" > apt/sources.list
    options=(
        -o "Dir::Etc::sourcelist=$dir/apt/sources.list" -o Dir::Etc::sourceparts=/dev/null
        -o "Dir::State::lists=$dir/apt/lists" -o "Dir::Cache=$dir/apt/cache" -o Dir::State::status=/dev/null
        -o "Dir::State=$dir/apt/state" -o APT::Sandbox::User=root -o Acquire::Languages=none
    )
    apt-get "${options[@]}" -qq update
    apt-get "${options[@]}" -qq download libc6 libstdc++6 libgcc-s1
    for package in *.deb; do dpkg-deb -x "$package" sys; done
    lib=$dir/sys/usr/lib/x86_64-linux-gnu
    printf '#!/bin/sh\nexec %s/ld-linux-x86-64.so.2 --preload %s/nodelay.so --library-path %s %s/rootcanal.elf "$@"\n' \
        "$lib" "$dir" "$lib" "$dir" > rootcanal
fi
chmod +x rootcanal
rm -rf wheel apt ./*.deb
