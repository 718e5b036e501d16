//! What users rely on, end to end: one behaviour per file, each in a namespace of its own.

mod the_cluster_serves;
