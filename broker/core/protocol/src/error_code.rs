//! Kafka's error codes: number, name, a sentence, and whether a client may simply try again.

macro_rules! codes {
    ($($(#[$default:ident])? $code:literal $variant:ident $name:literal $retriable:literal $message:literal)*) => {
        /// An error as Kafka's protocol says it.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(i16)]
        pub enum ErrorCode {$(
            #[doc = $message]
            $(#[$default])?
            $variant = $code,
        )*}

        impl ErrorCode {
            /// All of them, by code.
            pub const ALL: &'static [ErrorCode] = &[$(ErrorCode::$variant),*];

            /// By its number on the wire.
            #[must_use]
            pub fn from_code(code: i16) -> Option<ErrorCode> {
                Some(match code {
                    $($code => ErrorCode::$variant,)*
                    _ => return None,
                })
            }

            /// Kafka's name for it.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(ErrorCode::$variant => $name,)* }
            }

            /// What it says when there is nothing better to say.
            #[must_use]
            pub fn message(self) -> &'static str {
                match self { $(ErrorCode::$variant => $message,)* }
            }

            /// Whether clients try again by themselves.
            #[must_use]
            pub fn is_retriable(self) -> bool {
                match self { $(ErrorCode::$variant => $retriable,)* }
            }
        }
    };
}

codes! {
    -1 UnknownServerError "UNKNOWN_SERVER_ERROR" false "The broker failed in a way that it did not expect."
    #[default] 0 None "NONE" false "No error."
    1 OffsetOutOfRange "OFFSET_OUT_OF_RANGE" false "The offset lies outside the log."
    2 CorruptMessage "CORRUPT_MESSAGE" true "The records are corrupt: a checksum, a size or a missing key."
    3 UnknownTopicOrPartition "UNKNOWN_TOPIC_OR_PARTITION" true "The broker knows no such topic or partition."
    4 InvalidFetchSize "INVALID_FETCH_SIZE" false "The fetch size is not valid."
    5 LeaderNotAvailable "LEADER_NOT_AVAILABLE" true "The partition has no leader at the moment."
    6 NotLeaderOrFollower "NOT_LEADER_OR_FOLLOWER" true "The broker is not the leader, or not a replica, of the partition."
    7 RequestTimedOut "REQUEST_TIMED_OUT" true "The request was not done in its time."
    8 BrokerNotAvailable "BROKER_NOT_AVAILABLE" false "The broker is not available."
    9 ReplicaNotAvailable "REPLICA_NOT_AVAILABLE" true "The replica is not available."
    10 MessageTooLarge "MESSAGE_TOO_LARGE" false "A record batch is larger than the broker takes."
    11 StaleControllerEpoch "STALE_CONTROLLER_EPOCH" false "The controller has moved."
    12 OffsetMetadataTooLarge "OFFSET_METADATA_TOO_LARGE" false "The metadata of the committed offset is too large."
    13 NetworkException "NETWORK_EXCEPTION" true "The connection ended before the answer came."
    14 CoordinatorLoadInProgress "COORDINATOR_LOAD_IN_PROGRESS" true "The coordinator is still loading."
    15 CoordinatorNotAvailable "COORDINATOR_NOT_AVAILABLE" true "The coordinator is not available."
    16 NotCoordinator "NOT_COORDINATOR" true "The broker is not the coordinator of this group or transaction."
    17 InvalidTopicException "INVALID_TOPIC_EXCEPTION" false "The topic's name is not valid, or the operation is not allowed on it."
    18 RecordListTooLarge "RECORD_LIST_TOO_LARGE" false "The record batch is larger than a segment."
    19 NotEnoughReplicas "NOT_ENOUGH_REPLICAS" true "Fewer replicas are in sync than the topic demands."
    20 NotEnoughReplicasAfterAppend "NOT_ENOUGH_REPLICAS_AFTER_APPEND" true "The records are written, but to fewer replicas than the topic demands."
    21 InvalidRequiredAcks "INVALID_REQUIRED_ACKS" false "Acks must be -1, 0 or 1."
    22 IllegalGeneration "ILLEGAL_GENERATION" false "The generation is not the group's current one."
    23 InconsistentGroupProtocol "INCONSISTENT_GROUP_PROTOCOL" false "The member's protocols do not fit those of the group."
    24 InvalidGroupId "INVALID_GROUP_ID" false "The group's id is not valid."
    25 UnknownMemberId "UNKNOWN_MEMBER_ID" false "The coordinator does not know this member."
    26 InvalidSessionTimeout "INVALID_SESSION_TIMEOUT" false "The session timeout is outside the range that the broker allows."
    27 RebalanceInProgress "REBALANCE_IN_PROGRESS" false "The group is rebalancing; join again."
    28 InvalidCommitOffsetSize "INVALID_COMMIT_OFFSET_SIZE" false "The size of the committed data is not valid."
    29 TopicAuthorizationFailed "TOPIC_AUTHORIZATION_FAILED" false "The principal may not do this with the topic."
    30 GroupAuthorizationFailed "GROUP_AUTHORIZATION_FAILED" false "The principal may not do this with the group."
    31 ClusterAuthorizationFailed "CLUSTER_AUTHORIZATION_FAILED" false "The principal may not do this with the cluster."
    32 InvalidTimestamp "INVALID_TIMESTAMP" false "The timestamp is outside the range that the topic allows."
    33 UnsupportedSaslMechanism "UNSUPPORTED_SASL_MECHANISM" false "The broker does not offer this SASL mechanism."
    34 IllegalSaslState "ILLEGAL_SASL_STATE" false "The request does not fit the state of the SASL exchange."
    35 UnsupportedVersion "UNSUPPORTED_VERSION" false "The broker does not serve this version of the API."
    36 TopicAlreadyExists "TOPIC_ALREADY_EXISTS" false "A topic of this name exists."
    37 InvalidPartitions "INVALID_PARTITIONS" false "The number of partitions is not valid."
    38 InvalidReplicationFactor "INVALID_REPLICATION_FACTOR" false "The replication factor is not valid, or larger than the number of brokers."
    39 InvalidReplicaAssignment "INVALID_REPLICA_ASSIGNMENT" false "The assignment of replicas is not valid."
    40 InvalidConfig "INVALID_CONFIG" false "The configuration is not valid."
    41 NotController "NOT_CONTROLLER" true "The node is not the active controller."
    42 InvalidRequest "INVALID_REQUEST" false "The request is malformed or contradicts itself."
    43 UnsupportedForMessageFormat "UNSUPPORTED_FOR_MESSAGE_FORMAT" false "The format of the stored records does not support the request."
    44 PolicyViolation "POLICY_VIOLATION" false "A policy of the cluster refuses the request."
    45 OutOfOrderSequenceNumber "OUT_OF_ORDER_SEQUENCE_NUMBER" false "The producer's sequence number leaves a gap."
    46 DuplicateSequenceNumber "DUPLICATE_SEQUENCE_NUMBER" false "The producer's sequence number was there before."
    47 InvalidProducerEpoch "INVALID_PRODUCER_EPOCH" false "The producer's epoch is old."
    48 InvalidTxnState "INVALID_TXN_STATE" false "The transaction is not in a state that allows this."
    49 InvalidProducerIdMapping "INVALID_PRODUCER_ID_MAPPING" false "The producer id does not belong to the transactional id."
    50 InvalidTransactionTimeout "INVALID_TRANSACTION_TIMEOUT" false "The transaction's timeout is longer than the broker allows."
    51 ConcurrentTransactions "CONCURRENT_TRANSACTIONS" true "Another operation on the same transaction is under way."
    52 TransactionCoordinatorFenced "TRANSACTION_COORDINATOR_FENCED" false "The coordinator of the transaction has been replaced."
    53 TransactionalIdAuthorizationFailed "TRANSACTIONAL_ID_AUTHORIZATION_FAILED" false "The principal may not use the transactional id."
    54 SecurityDisabled "SECURITY_DISABLED" false "No authorizer is configured."
    55 OperationNotAttempted "OPERATION_NOT_ATTEMPTED" false "The operation was not tried because another one of the request failed."
    56 KafkaStorageError "KAFKA_STORAGE_ERROR" true "The broker's disk failed."
    57 LogDirNotFound "LOG_DIR_NOT_FOUND" false "There is no such log directory."
    58 SaslAuthenticationFailed "SASL_AUTHENTICATION_FAILED" false "The SASL authentication failed."
    59 UnknownProducerId "UNKNOWN_PRODUCER_ID" false "The broker knows nothing about this producer id any more."
    60 ReassignmentInProgress "REASSIGNMENT_IN_PROGRESS" false "The partition's reassignment is under way."
    61 DelegationTokenAuthDisabled "DELEGATION_TOKEN_AUTH_DISABLED" false "Delegation tokens are not enabled."
    62 DelegationTokenNotFound "DELEGATION_TOKEN_NOT_FOUND" false "There is no such delegation token."
    63 DelegationTokenOwnerMismatch "DELEGATION_TOKEN_OWNER_MISMATCH" false "The principal is neither owner nor renewer of the token."
    64 DelegationTokenRequestNotAllowed "DELEGATION_TOKEN_REQUEST_NOT_ALLOWED" false "Delegation tokens cannot be asked for on this connection."
    65 DelegationTokenAuthorizationFailed "DELEGATION_TOKEN_AUTHORIZATION_FAILED" false "The principal may not do this with delegation tokens."
    66 DelegationTokenExpired "DELEGATION_TOKEN_EXPIRED" false "The delegation token has expired."
    67 InvalidPrincipalType "INVALID_PRINCIPAL_TYPE" false "The type of the principal is not supported."
    68 NonEmptyGroup "NON_EMPTY_GROUP" false "The group has members."
    69 GroupIdNotFound "GROUP_ID_NOT_FOUND" false "There is no such group."
    70 FetchSessionIdNotFound "FETCH_SESSION_ID_NOT_FOUND" true "There is no such fetch session."
    71 InvalidFetchSessionEpoch "INVALID_FETCH_SESSION_EPOCH" true "The epoch of the fetch session is not the expected one."
    72 ListenerNotFound "LISTENER_NOT_FOUND" true "The leader has no listener of this name."
    73 TopicDeletionDisabled "TOPIC_DELETION_DISABLED" false "Topics cannot be deleted in this cluster."
    74 FencedLeaderEpoch "FENCED_LEADER_EPOCH" true "The leader epoch of the request is older than the broker's."
    75 UnknownLeaderEpoch "UNKNOWN_LEADER_EPOCH" true "The leader epoch of the request is newer than the broker's."
    76 UnsupportedCompressionType "UNSUPPORTED_COMPRESSION_TYPE" false "The client cannot read the topic's compression."
    77 StaleBrokerEpoch "STALE_BROKER_EPOCH" false "The broker's epoch is old."
    78 OffsetNotAvailable "OFFSET_NOT_AVAILABLE" true "The offset is not known yet after an election."
    79 MemberIdRequired "MEMBER_ID_REQUIRED" false "Join again with the member id of this answer."
    80 PreferredLeaderNotAvailable "PREFERRED_LEADER_NOT_AVAILABLE" true "The preferred leader is not available."
    81 GroupMaxSizeReached "GROUP_MAX_SIZE_REACHED" false "The group is full."
    82 FencedInstanceId "FENCED_INSTANCE_ID" false "Another member joined with the same group.instance.id."
    83 EligibleLeadersNotAvailable "ELIGIBLE_LEADERS_NOT_AVAILABLE" true "No replica is eligible to lead."
    84 ElectionNotNeeded "ELECTION_NOT_NEEDED" true "The partition needs no election."
    85 NoReassignmentInProgress "NO_REASSIGNMENT_IN_PROGRESS" false "No reassignment of the partition is under way."
    86 GroupSubscribedToTopic "GROUP_SUBSCRIBED_TO_TOPIC" false "The group is subscribed to the topic."
    87 InvalidRecord "INVALID_RECORD" false "The broker refuses a record."
    88 UnstableOffsetCommit "UNSTABLE_OFFSET_COMMIT" true "Offsets of an open transaction are pending."
    89 ThrottlingQuotaExceeded "THROTTLING_QUOTA_EXCEEDED" true "The quota is exceeded; wait."
    90 ProducerFenced "PRODUCER_FENCED" false "Another producer with the same transactional id is newer."
    91 ResourceNotFound "RESOURCE_NOT_FOUND" false "There is no such resource."
    92 DuplicateResource "DUPLICATE_RESOURCE" false "The resource is named twice."
    93 UnacceptableCredential "UNACCEPTABLE_CREDENTIAL" false "The credential is not acceptable."
    94 InconsistentVoterSet "INCONSISTENT_VOTER_SET" false "Sender or receiver is not a voter of the set that the request names."
    95 InvalidUpdateVersion "INVALID_UPDATE_VERSION" false "The version to update to is not valid."
    96 FeatureUpdateFailed "FEATURE_UPDATE_FAILED" false "The features could not be updated."
    97 PrincipalDeserializationFailure "PRINCIPAL_DESERIALIZATION_FAILURE" false "The principal of the forwarded request could not be read."
    98 SnapshotNotFound "SNAPSHOT_NOT_FOUND" false "There is no such snapshot."
    99 PositionOutOfRange "POSITION_OUT_OF_RANGE" false "The position lies outside the snapshot."
    100 UnknownTopicId "UNKNOWN_TOPIC_ID" true "The broker knows no topic of this id."
    101 DuplicateBrokerRegistration "DUPLICATE_BROKER_REGISTRATION" false "Another broker is registered under this id."
    102 BrokerIdNotRegistered "BROKER_ID_NOT_REGISTERED" false "No broker is registered under this id."
    103 InconsistentTopicId "INCONSISTENT_TOPIC_ID" true "The log's topic id is another one than the request's."
    104 InconsistentClusterId "INCONSISTENT_CLUSTER_ID" false "The request names another cluster's id."
    105 TransactionalIdNotFound "TRANSACTIONAL_ID_NOT_FOUND" false "There is no such transactional id."
    106 FetchSessionTopicIdError "FETCH_SESSION_TOPIC_ID_ERROR" true "The fetch session mixes topic names and topic ids."
    107 IneligibleReplica "INELIGIBLE_REPLICA" false "The new ISR holds a replica that may not be in it."
    108 NewLeaderElected "NEW_LEADER_ELECTED" false "The partition's state was changed, and so was its leader."
    109 OffsetMovedToTieredStorage "OFFSET_MOVED_TO_TIERED_STORAGE" false "The offset lies in tiered storage."
    110 FencedMemberEpoch "FENCED_MEMBER_EPOCH" false "The member's epoch is fenced; give up all partitions and join again."
    111 UnreleasedInstanceId "UNRELEASED_INSTANCE_ID" false "Another member still uses the group.instance.id."
    112 UnsupportedAssignor "UNSUPPORTED_ASSIGNOR" false "The broker does not have this assignor."
    113 StaleMemberEpoch "STALE_MEMBER_EPOCH" false "The member's epoch is old; retry with the current one."
    114 MismatchedEndpointType "MISMATCHED_ENDPOINT_TYPE" false "The request went to the wrong type of endpoint."
    115 UnsupportedEndpointType "UNSUPPORTED_ENDPOINT_TYPE" false "The type of endpoint is not supported."
    116 UnknownControllerId "UNKNOWN_CONTROLLER_ID" false "There is no controller of this id."
    117 UnknownSubscriptionId "UNKNOWN_SUBSCRIPTION_ID" false "The telemetry subscription is unknown or old."
    118 TelemetryTooLarge "TELEMETRY_TOO_LARGE" false "The telemetry is larger than the broker takes."
    119 InvalidRegistration "INVALID_REGISTRATION" false "The registration is not valid."
    120 TransactionAbortable "TRANSACTION_ABORTABLE" false "The transaction must be aborted; the producer can go on."
    121 InvalidRecordState "INVALID_RECORD_STATE" false "The record is not in a state that allows this acknowledgement."
    122 ShareSessionNotFound "SHARE_SESSION_NOT_FOUND" true "There is no such share session."
    123 InvalidShareSessionEpoch "INVALID_SHARE_SESSION_EPOCH" true "The epoch of the share session is not the expected one."
    124 FencedStateEpoch "FENCED_STATE_EPOCH" false "The epoch of the share state is old."
    125 InvalidVoterKey "INVALID_VOTER_KEY" false "The voter's key is not the receiver's."
    126 DuplicateVoter "DUPLICATE_VOTER" false "The voter is in the set already."
    127 VoterNotFound "VOTER_NOT_FOUND" false "The voter is not in the set."
    128 InvalidRegularExpression "INVALID_REGULAR_EXPRESSION" false "The regular expression is not valid."
    129 RebootstrapRequired "REBOOTSTRAP_REQUIRED" false "The client's metadata is too old; bootstrap again."
    130 StreamsInvalidTopology "STREAMS_INVALID_TOPOLOGY" false "The streams topology is not valid."
    131 StreamsInvalidTopologyEpoch "STREAMS_INVALID_TOPOLOGY_EPOCH" false "The epoch of the streams topology is not valid."
    132 StreamsTopologyFenced "STREAMS_TOPOLOGY_FENCED" false "The epoch of the streams topology is old."
    133 ShareSessionLimitReached "SHARE_SESSION_LIMIT_REACHED" true "There are too many share sessions."
    134 GroupDeletionFailed "GROUP_DELETION_FAILED" false "The group could not be deleted."
    135 StreamsTopologyDescriptionUpdateFailed "STREAMS_TOPOLOGY_DESCRIPTION_UPDATE_FAILED" false "The description of the streams topology could not be updated."
    136 ControllerIdNotRegistered "CONTROLLER_ID_NOT_REGISTERED" false "No controller is registered under this id."
}

impl ErrorCode {
    /// Its number on the wire.
    #[must_use]
    pub fn code(self) -> i16 {
        self as i16
    }

    /// Whether it is an error at all.
    #[must_use]
    pub fn is_error(self) -> bool {
        self != ErrorCode::None
    }
}

impl From<ErrorCode> for i16 {
    fn from(error: ErrorCode) -> i16 {
        error.code()
    }
}

impl std::fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_dense_and_round_trip() {
        for (index, error) in ErrorCode::ALL.iter().enumerate() {
            assert_eq!(error.code(), index as i16 - 1);
            assert_eq!(ErrorCode::from_code(error.code()), Some(*error));
        }
        assert_eq!(ErrorCode::from_code(ErrorCode::ALL.len() as i16), None);
        assert_eq!(
            (ErrorCode::NotLeaderOrFollower.code(), ErrorCode::NotLeaderOrFollower.is_retriable()),
            (6, true)
        );
        assert_eq!(ErrorCode::default(), ErrorCode::None);
    }
}
