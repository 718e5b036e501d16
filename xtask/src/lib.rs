//! The project's own commands: up, test, e2e, bench, gen, tidy.
