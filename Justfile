# `just` is a convenience; every recipe is a cargo command that works without it.

# List the recipes.
default:
    @just --list

# Run a scenario: just scenario backlog-sweep --quick, or … backend=docker
scenario name *flags:
    cargo lab run {{name}} {{replace_regex(flags, '(^| )backend=', '${1}--backend=')}}

# Run the nightly suite and compare it with the last good run here: just nightly docker
nightly backend="netns":
    BACKEND={{backend}} cargo lab ci

# Record the committed baseline of the laws; see reports/README.md.
baseline:
    rm -rf reports/baseline
    cargo lab run laws --out reports/baseline
    find reports/baseline -type f ! -name run.json ! -name trials.jsonl ! -name suite.json -delete
    find reports/baseline -type d -empty -delete

# Run all tests except those that need Docker.
test:
    cargo test --workspace

# Run the tests that need a Docker engine.
test-docker:
    cargo test --workspace docker -- --ignored

# Kill runs on both backends at random instants, and resume them: just chaos 10
chaos kills="50":
    QUEUELAB_KILLS={{kills}} cargo test --workspace --test cli kills -- --include-ignored --nocapture

# Search for settings in which the lab is wrong: just search 3000; see docs/truth.md.
search combinations="600":
    QUEUELAB_SEARCH_COMBINATIONS={{combinations}} QUEUELAB_SEARCH_LONGEST=90 cargo test --workspace --test search kernel -- --nocapture

# Fuzz the parsers, all or one: just fuzz, or just fuzz decoder 600; needs cargo-fuzz.
fuzz target="" seconds="60":
    fuzz/run {{seconds}} {{target}}

# Try many orders of the threads' steps: just models 100000; see models/README.md.
models schedules="2000":
    cargo run --release --manifest-path models/Cargo.toml -- {{schedules}}

# Check the format and run clippy with warnings denied.
lint:
    cargo fmt --all --check
    # cargo fmt does not find these files, because a macro declares them.
    rustfmt --edition 2024 --check crates/report/src/sections/*.rs crates/lab/src/backends/*.rs
    cargo clippy --workspace --all-targets -- -D warnings

# Build the optimised static binary: target/*/dist/queuelab.
build:
    cargo build --profile dist --package queuelab

# Update the committed JSON Schemas.
schemas:
    UPDATE_SCHEMAS=1 cargo test --package queuelab --test cli schemas

# Build the book of docs/ and its lessons, and check its links: target/book/index.html.
book:
    docs/build

# Measure the speed against bare loops of system calls: just bench, or just bench deliveries latency --quick
bench *flags:
    cargo bench --package bench -- {{flags}}

# Start server, load and viewer in containers; see compose.yaml for the settings.
up *flags:
    cargo lab image build
    mkdir -p reports/runs
    env UID="$(id -u)" GID="$(id -g)" $(docker compose version >/dev/null 2>&1 && echo docker compose || echo docker-compose) up {{flags}}

# Remove the containers; the run directories stay.
down:
    $(docker compose version >/dev/null 2>&1 && echo docker compose || echo docker-compose) down

# Make the pictures of README.md from a run's report: just picture reports/runs/backlog-sweep/TIME
picture run:
    mkdir -p docs/images
    docs/images/make {{run}}/report.html
