#!/usr/bin/env bash
# A suite in CI, and here as there: `bash .github/suite.sh` runs it, holds it against
# the last good run of it on the same kind of machine, and tells what came of it. The
# workflow suite.yml calls its steps one by one.
#
#   name      the suite and the kind of machine, as the artefact is called
#   baseline  fetch the last good run's artefact (GitHub only)
#   run       run the suite
#   compare   hold it against the baseline
#   tell      the job's summary, and the one annotation for all steps
#
# QUEUELAB  the program (cargo's own build of it when absent)
# BACKEND   netns (default) or docker
# SUITE     nightly (default), another suite's name, or the path of its file
# OUT       where runs go (reports/runs)
# STEPS     what the steps tell each other (reports/steps)
# ACCEPT    1 where what changed was meant: the run becomes good, and so the next
#           baseline, though it is worse than the last one or nothing was decided
# BASELINE  a folder with an earlier OUT (OUT itself when absent, where the last
#           good run of the suite is the baseline)
# WORKFLOW  whose runs on GitHub leave a baseline (nightly.yml)
# BRANCH    on which (the default branch)
set -euo pipefail
export LC_ALL=C

backend=${BACKEND:-netns}
suite=${SUITE:-nightly}
out=${OUT:-reports/runs}
steps=${STEPS:-reports/steps}
baseline=${BASELINE:-$out}
accept=${ACCEPT:-}
workflow=${WORKFLOW:-nightly.yml}
branch=${BRANCH:-}
suite_name=$(basename "$suite" .yaml)
# GitHub shows no larger summary of a step at all.
largest_summary=$((1024 * 1024))

queuelab() {
    if [ -n "${QUEUELAB:-}" ]; then
        "$QUEUELAB" "$@"
    else
        cargo lab "$@"
    fi
}

# Figures compare on the same CPUs and kernel alone: what is known of them before
# a run. A comparison looks at the rest itself.
name() {
    local label cpu cpus kernel
    label=${RUNNER_LABEL:-local}
    # Runners of one label have CPUs of several models.
    cpu=$(sed -n '/^model name/{s/^[^:]*: *//p;q}' /proc/cpuinfo |
        tr '[:upper:]' '[:lower:]' | tr -cs 'a-z0-9' - | cut -c1-40)
    cpu=${cpu%-}
    cpus=$(nproc)
    kernel=$(uname -r | cut -d. -f1,2)
    echo "$suite_name-$backend-$label-${cpu:+$cpu-}${cpus}cpu-linux$kernel"
}

# The newest directory of the suite below a folder; with a second argument, the
# newest that was good on that kind of machine.
newest() {
    local folder=$1 kind=${2:-} directories directory index
    directories=("$folder/$suite_name"/*/)
    # Their names are times.
    for ((index = ${#directories[@]} - 1; index >= 0; index--)); do
        directory=${directories[index]%/}
        [ -f "$directory/suite.json" ] || continue
        [ -z "$kind" ] || [ "$(cat "$directory/good" 2>/dev/null)" = "$kind" ] || continue
        echo "$directory"
        break
    done
}

step_name() {
    name
    if [ -n "${GITHUB_OUTPUT:-}" ]; then
        echo "name=$(name)" >>"$GITHUB_OUTPUT"
    fi
}

# Exit 0 where there is none, or where it cannot be asked for: the first run has no
# baseline either. The suite is run, and its summary says so.
step_baseline() {
    local run runs artefact ids
    artefact=$(name)
    rm -rf "$baseline"
    mkdir -p "$baseline" "$steps"
    rm -f "$steps/note"
    # Of a run whose other backend failed, this one's part may be good: each is
    # marked by itself. A fork's branch may have any name, and its pull request a
    # run of that name: never a baseline. So many, as those that were not good are
    # passed over.
    ids='.[] | select(.event != "pull_request") | .databaseId'
    if ! branch=${branch:-$(gh repo view --json defaultBranchRef --jq .defaultBranchRef.name)} ||
        ! runs=$(gh run list --workflow "$workflow" --branch "$branch" --status completed \
            --limit 200 --json databaseId,event --jq "$ids"); then
        echo "No earlier run could be asked for: see the log of the step that looks for it." |
            tee "$steps/note"
        return
    fi
    for run in $runs; do
        if gh run download "$run" --name "$artefact" --dir "$baseline" 2>/dev/null &&
            [ -n "$(newest "$baseline" "$artefact")" ]; then
            echo "baseline: $artefact of run $run"
            return
        fi
        rm -rf "$baseline"
        mkdir -p "$baseline"
    done
    echo "no good run on $branch has left $artefact yet, or what it left has expired"
}

step_run() {
    local code=0 before
    mkdir -p "$steps"
    # The note of the step before stays.
    find "$steps" -type f ! -name note -delete
    newest "$baseline" "$(name)" >"$steps/baseline"
    before=$(newest "$out")
    queuelab run "$suite" --backend "$backend" --retry 1 --out "$out" || code=$?
    echo "$code" >"$steps/run.code"
    newest "$out" >"$steps/suite"
    if [ "$(cat "$steps/suite")" = "$before" ]; then
        # It never began.
        : >"$steps/suite"
    fi
    return "$code"
}

# The verdict of a comparison, from its JSON; `inconclusive` where anything in it is:
# a suite's own verdict names what is new before what is not decided.
verdict() {
    if grep -q '"verdict": "inconclusive"' "$1"; then
        echo inconclusive
    else
        sed -n 's/^  "verdict": "\([a-z-]*\)",*$/\1/p' "$1"
    fi
}

# A regression fails, unless it was meant. No baseline, or one that decides nothing,
# is told alone; so is one that cannot be compared with, lest no run be good again.
# What decided nothing is no baseline for the next one, which would take a real loss
# for the way it has always been.
step_compare() {
    local code=0 base new found=no-baseline
    mkdir -p "$steps"
    base=$(cat "$steps/baseline" 2>/dev/null || true)
    new=$(cat "$steps/suite" 2>/dev/null || true)
    [ -n "$new" ] || { echo "there is nothing to compare: the suite did not begin"; return 1; }
    if [ -z "$base" ]; then
        echo "No baseline: no good run of $(name) is known." | tee "$steps/comparison.md"
        code=6
    else
        queuelab compare "$base" "$new" --format markdown \
            >"$steps/comparison.md" 2>"$steps/compare.errors" || code=$?
        case $code in
        0 | 3 | 4 | 6)
            queuelab compare "$base" "$new" || true
            queuelab compare "$base" "$new" --format json >"$steps/comparison.json" || true
            found=$(verdict "$steps/comparison.json")
            ;;
        *)
            {
                echo "No baseline: $base cannot be compared with (exit code $code):"
                echo
                sed 's/^/    /' "$steps/compare.errors"
            } | tee "$steps/comparison.md"
            code=6
            ;;
        esac
    fi
    case $code,$found in
    4,* | 6,inconclusive)
        if [ "$accept" = 1 ]; then
            { echo "Accepted: what changed was meant."; echo; cat "$steps/comparison.md"; } >"$steps/accepted"
            mv "$steps/accepted" "$steps/comparison.md"
            code=0
            found=accepted
        elif [ "$code" = 6 ]; then
            {
                echo
                echo "Not everything was decided: the next run is held against the same baseline as this one."
            } | tee -a "$steps/comparison.md"
        fi
        ;;
    esac
    if [ "$found" = accepted ]; then
        echo accepted
    else
        echo "$code"
    fi >"$steps/compare.code"
    case $code,$found in
    0,* | 6,held | 6,improved | 6,no-baseline)
        [ "$(cat "$steps/run.code")" != 0 ] || name >"$new/good"
        ;;
    6,*) ;;
    *) return "$code" ;;
    esac
}

annotation=''

# Adds to the annotation: its level is the worst, and each text a line of it; why it
# is an error comes first.
annotate() { # LEVEL TEXT
    local more=${annotation:+%0A${annotation#::*::}}
    case $1,$annotation in
    warning,::*) annotation="$annotation%0A$2" ;;
    *) annotation="::$1 title=queuelab $suite_name::$2$more" ;;
    esac
}

# The summary of a step, within its limit, and one annotation at most, for all steps.
step_tell() {
    local new code summary comparison="$steps/comparison.md" note="$steps/note" text
    mkdir -p "$steps"
    new=$(cat "$steps/suite" 2>/dev/null || true)
    summary=${GITHUB_STEP_SUMMARY:-$steps/summary.md}
    text=$steps/text.md
    if [ -z "$new" ]; then
        echo "❌ The suite did not begin on $(name): see the step that runs it." >"$text"
        annotate error "the suite did not begin on $(name)"
    else
        # A run that was ended in its middle has only its record.
        [ -f "$new/summary.md" ] || queuelab report "$new" >/dev/null ||
            echo "❌ The suite's summary could not be made: see the log." >"$new/summary.md"
        code=$(cat "$steps/compare.code" 2>/dev/null || true)
        annotation=$(queuelab report "$new" --annotate || true)
        # What is cut off is at the end: what did not hold comes first.
        if [ -f "$comparison" ] && [ "$code" != 0 ]; then
            { cat "$comparison"; echo; cat "$new/summary.md"; } >"$text"
        elif [ -f "$comparison" ]; then
            { cat "$new/summary.md"; echo; cat "$comparison"; } >"$text"
        else
            cat "$new/summary.md" >"$text"
        fi
        # Wherever a step failed there is an error.
        case $code,$annotation in
        4,*) annotate error "regressed against the last good run of $(name): see the summary" ;;
        *,::error*) ;;
        3,*) annotate error "failed when it was compared: see the summary" ;;
        ,*) annotate error "it was not compared: see the log" ;;
        esac
        [ "$(cat "$steps/run.code" 2>/dev/null)" = 0 ] || case $annotation in
        ::error*) ;;
        *) annotate error "the run did not end well: see the step that runs it" ;;
        esac
    fi
    if [ -s "$note" ]; then
        annotate warning "$(cat "$note")"
        { cat "$note"; echo; cat "$text"; } >"$text.noted" && mv "$text.noted" "$text"
    fi
    if [ "$(wc -c <"$text")" -ge "$largest_summary" ]; then
        echo "the summary has $(wc -c <"$text") bytes: $largest_summary are too many" >&2
        head -c 900000 "$text" >"$text.cut" && mv "$text.cut" "$text"
        printf '\n\nCut off here: the artefact has all of it.\n' >>"$text"
    fi
    cat "$text" >>"$summary"
    if [ -n "$annotation" ]; then
        echo "$annotation"
    fi
}

all() {
    local code=0
    rm -f "$steps/note"
    step_run || code=$?
    step_compare || code=$?
    step_tell
    return "$code"
}

case ${1:-all} in
name) step_name ;;
baseline) step_baseline ;;
run) step_run ;;
compare) step_compare ;;
tell) step_tell ;;
all) all ;;
*)
    echo "usage: suite.sh [name|baseline|run|compare|tell]" >&2
    exit 2
    ;;
esac
