# `just` is a convenience; every recipe is a cargo command that works without it.

# What there is to do.
default:
    @just --list

# Run a scenario: just scenario backlog-sweep --quick
scenario name *flags:
    cargo lab run {{name}} {{flags}}

# Every test, as CI runs them.
test:
    cargo test --workspace

# Format and clippy, warnings denied.
lint:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets -- -D warnings

# The static binary.
build:
    cargo build --release --package queuelab

# Write the committed JSON Schemas anew.
schemas:
    UPDATE_SCHEMAS=1 cargo test --package queuelab --test schemas

# What the load generator itself can take: it must not be what is measured.
bench *flags:
    cargo run --release --package load-generator --example receive_rate -- {{flags}}
