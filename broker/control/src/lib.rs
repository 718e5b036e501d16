//! The gRPC service between operator and broker.
