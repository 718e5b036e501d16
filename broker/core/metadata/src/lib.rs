//! Metadata records, the image, its deltas, the controller's decisions, settings.
