# `just` is a convenience; every recipe is a cargo command that works without it.

# What there is to do.
default:
    @just --list

# Run a scenario: just scenario backlog-sweep --quick, or … backend=docker
scenario name *flags:
    cargo lab run {{name}} {{replace_regex(flags, '(^| )backend=', '${1}--backend=')}}

# The suite of every night, held against the last good one here: just nightly docker
nightly backend="netns":
    BACKEND={{backend}} bash .github/suite.sh

# Make the committed baseline of the laws anew; `reports/README.md` says when.
baseline:
    rm -rf reports/baseline
    cargo lab run laws --out reports/baseline
    find reports/baseline -type f ! -name run.json ! -name trials.jsonl ! -name suite.json -delete
    find reports/baseline -type d -empty -delete

# Every test, as CI runs them.
test:
    cargo test --workspace

# The tests that need a Docker engine.
test-docker:
    cargo test --package queuelab docker -- --ignored

# Format and clippy, warnings denied.
lint:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets -- -D warnings

# The static binary, optimised: target/*/dist/queuelab.
build:
    cargo build --profile dist --package queuelab

# Write the committed JSON Schemas anew.
schemas:
    UPDATE_SCHEMAS=1 cargo test --package queuelab --test cli schemas

# What the load generator itself can take: it must not be what is measured.
bench *flags:
    cargo run --release --package load-generator --example receive_rate -- {{flags}}

# Server, load and the page of runs in containers: compose.yaml says what can be set.
up *flags:
    cargo lab image build
    mkdir -p reports/runs
    env UID="$(id -u)" GID="$(id -g)" $(docker compose version >/dev/null 2>&1 && echo docker compose || echo docker-compose) up {{flags}}

# Take them away again; the run directories stay.
down:
    $(docker compose version >/dev/null 2>&1 && echo docker compose || echo docker-compose) down
