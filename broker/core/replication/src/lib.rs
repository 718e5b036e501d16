//! Leader and follower of one partition: in-sync replicas, high watermark, truncation by epoch.
