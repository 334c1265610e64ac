#!/usr/bin/env bash
# What became of the smoke runs that `.ci/run` keeps in a folder, as Markdown: the
# summary of each, or how far it came. `bash .github/smoke.sh FOLDER`
set -euo pipefail

folder=$1
for backend in netns docker; do
    runs=("$folder/$backend"/smoke/*/)
    if [ ! -d "${runs[0]}" ]; then
        printf '❌ The smoke run under %s did not begin: see the log of the check.\n\n' "$backend"
        continue
    fi
    for run in "${runs[@]}"; do
        if [ -s "$run/summary.md" ]; then
            cat "$run/summary.md"
            echo
        else
            printf '❌ The smoke run under %s began and came to no end: see the log of the check.\n\n' "$backend"
        fi
    done
done
