//! Decisions of one log: epochs, producer state, when to roll and retain, index entries, checkpoint files.
