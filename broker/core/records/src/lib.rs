//! The record batch, version 2: borrowed view, validation, patching.
