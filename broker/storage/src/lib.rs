//! Segments, recovery, retention and flush rounds over the disk port.
