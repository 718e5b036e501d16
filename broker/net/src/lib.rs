//! Listeners, TLS, framing, memory and connection limits: bytes in, bytes out, no semantics.
