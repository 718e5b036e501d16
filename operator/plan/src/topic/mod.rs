//! The plan of a Topic.
