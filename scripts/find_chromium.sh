#!/bin/sh
# Prints the path of a Chromium or Chrome that starts; the variable CHROMIUM goes before those on PATH. Exit status 1 where there is none.
# find_chromium.sh install: installs Chromium, and a font with Chinese characters, where they are missing and apt-get can be used.
set -eu

find_chromium() {
    for name in "${CHROMIUM:-}" chromium chromium-browser google-chrome google-chrome-stable \
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome" "/Applications/Chromium.app/Contents/MacOS/Chromium"; do
        if [ -n "$name" ] && path=$(command -v "$name") && "$path" --version >/dev/null 2>&1; then
            echo "$path" && return 0
        fi
    done
    return 1
}

has_chinese_font() { command -v fc-list >/dev/null && [ -n "$(fc-list :lang=zh family | head -n 1)" ]; }

say() { echo "$@" >&2; }

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

updated=
install_package() {
    command -v apt-get >/dev/null && { [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null; } || return 1
    say "Installing $1 with apt-get"
    log=$(mktemp)
    {
        [ -n "$updated" ] || as_root apt-get -o Acquire::Retries=3 update
        as_root env DEBIAN_FRONTEND=noninteractive apt-get -o Acquire::Retries=3 install -y --no-install-recommends "$1"
    } </dev/null >"$log" 2>&1 || { tail -n 20 "$log" >&2; rm -f "$log"; return 1; }
    updated=yes
    rm -f "$log"
}

if [ "${1:-}" = install ]; then
    find_chromium >/dev/null || install_package chromium || true
    if ! find_chromium >/dev/null; then
        say "No Chromium or Chrome was found, and none could be installed here. Install one, or set CHROMIUM to its program."
        exit 1
    fi
    # on macOS a Chinese font is part of the system
    if [ "$(uname)" = Linux ] && ! has_chinese_font && ! install_package fonts-wqy-microhei; then
        say "There is no font with Chinese characters: the tests run, but screenshots show boxes instead."
    fi
fi
find_chromium
