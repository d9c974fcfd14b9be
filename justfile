# What the gate checks before the newcomer path.
check:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets -- -D warnings
    cargo test --workspace

# Installs what the tests of the contract and of the example page need.
tools:
    tests/tools/install

# Rewrites the recorded contract; review the difference.
openapi:
    cargo run -q -- openapi > openapi/v1.json
