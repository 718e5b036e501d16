//! Kafka's messages: a compact schema and the codec generated from it.
