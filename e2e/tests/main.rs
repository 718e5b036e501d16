//! What users rely on, end to end: one behaviour per file, each in a namespace of its own.

mod applying_twice_changes_nothing;
mod broker_killed_and_node_lost;
mod deletion_leaves_what_on_delete_retains;
mod fresh_start_with_the_operator_killed;
mod grows_and_rolls;
mod helm;
mod made_anew_over_its_volume;
mod pods_are_restricted;
mod quickstart;
mod stock_clients;
mod the_cluster_serves;
mod three_brokers;
mod topic_life_cycle;
