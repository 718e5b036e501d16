//! The custom resources of klamm.dev.
