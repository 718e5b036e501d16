//! What users rely on, end to end: one behaviour per file.
