//! From a request to its group, and the answers where there is none to ask.

use crate::{
    classic::{self, Join},
    coordinator::GroupCoordinator,
    event::{Caller, Context, Effect, Request, Response},
    offsets,
};
use klamm_protocol::{
    ErrorCode, describe_groups_response::DescribedGroup, join_group_request::JoinGroupRequest,
    leave_group_request::LeaveGroupRequest, leave_group_response::LeaveGroupResponse,
    offset_commit_request::OffsetCommitRequest,
};
use klamm_types::{Now, Str, Uuid};

impl GroupCoordinator {
    pub(crate) fn serve(
        &mut self,
        now: Now,
        caller: Caller,
        context: &Context,
        request: &Request,
        out: &mut Vec<Effect>,
    ) {
        match request {
            Request::Join(request, fresh) => self.join(now, caller, context, (request, *fresh), out),
            Request::Leave(request) => self.leave(now, caller, request, out),
            Request::CommitOffsets(request) => self.commit_offsets(now, caller, context, request, out),
            Request::Sync(sync) => {
                let served = !sync.group_id.is_empty()
                    && self
                        .with(now, out, &sync.group_id, |group, turn| group.sync(turn, caller, context, sync))
                        .is_some();
                if !served {
                    refuse(caller, context, request, unknown_member_of(&sync.group_id), out);
                }
            }
            Request::Heartbeat(beat) => {
                let result = self.with(now, out, &beat.group_id, |group, turn| group.heartbeat(turn, beat));
                let error = match result {
                    Some(result) => result.err().unwrap_or_default(),
                    None => unknown_member_of(&beat.group_id),
                };
                self.turn(now, out).answer(caller, Response::Heartbeat(error));
            }
            Request::Describe(id) => {
                let group = match self.group(id) {
                    Some(group) => group.describe(),
                    None => classic::describe_absent(id, context.api_version),
                };
                self.turn(now, out).answer(caller, Response::Describe(group));
            }
            Request::List { states, types } => {
                let list = self.groups().filter_map(|group| group.list(states, types)).collect();
                self.turn(now, out).answer(caller, Response::List(Ok(list)));
            }
            Request::Delete(id) => {
                if self.with(now, out, id, |group, turn| group.delete_on_request(turn, caller)).is_none() {
                    refuse(caller, context, request, ErrorCode::GroupIdNotFound, out);
                }
            }
            Request::FetchOffsets { group, .. } => {
                // no transaction is ever open on an offset, so that all are stable
                let response = offsets::fetch(self.group(&group.group_id), group);
                self.turn(now, out).answer(caller, Response::FetchOffsets(response));
            }
            Request::DeleteOffsets(delete) => {
                let served = self.with(now, out, &delete.group_id, |group, turn| {
                    group.delete_offsets(turn, caller, delete)
                });
                if served.is_none() {
                    refuse(caller, context, request, ErrorCode::GroupIdNotFound, out);
                }
            }
        }
    }

    fn join(
        &mut self,
        now: Now,
        caller: Caller,
        context: &Context,
        (request, fresh): (&JoinGroupRequest, Uuid),
        out: &mut Vec<Effect>,
    ) {
        let join = Join { caller, context, request, fresh };
        let mut turn = self.turn(now, out);
        if let Err(error) = classic::check_join(request, &turn) {
            return join.refuse(&mut turn, &request.member_id, error);
        }
        if request.member_id.is_empty() {
            self.create(now, &request.group_id);
        }
        if self.with(now, out, &request.group_id, |group, turn| group.join(turn, &join)).is_none() {
            join.refuse(&mut self.turn(now, out), &request.member_id, ErrorCode::UnknownMemberId);
        }
    }

    fn leave(&mut self, now: Now, caller: Caller, request: &LeaveGroupRequest, out: &mut Vec<Effect>) {
        let response = match self.with(now, out, &request.group_id, |group, turn| group.leave(turn, request))
        {
            Some(response) => response,
            None => LeaveGroupResponse {
                error_code: unknown_member_of(&request.group_id).code(),
                ..Default::default()
            },
        };
        self.turn(now, out).answer(caller, Response::Leave(response));
    }

    /// A group without members need not exist before it commits; one that its members believe in must.
    fn commit_offsets(
        &mut self,
        now: Now,
        caller: Caller,
        context: &Context,
        request: &OffsetCommitRequest,
        out: &mut Vec<Effect>,
    ) {
        if request.generation_id_or_member_epoch < 0 {
            self.create(now, &request.group_id);
        }
        if self
            .with(now, out, &request.group_id, |group, turn| group.commit_offsets(turn, caller, request))
            .is_none()
        {
            let version = context.api_version;
            let error = if version >= 9 { ErrorCode::GroupIdNotFound } else { ErrorCode::IllegalGeneration };
            self.turn(now, out).answer(caller, offsets::refuse_commit(request, error));
        }
    }
}

/// The error for a member of a group that is not there: it shall join anew.
fn unknown_member_of(group: &Str) -> ErrorCode {
    if group.is_empty() { ErrorCode::InvalidGroupId } else { ErrorCode::UnknownMemberId }
}

impl Request {
    /// The answer to a request that is not served for a reason outside of its group.
    #[must_use]
    pub fn refused(&self, context: &Context, error: ErrorCode) -> Response {
        match self {
            Request::Join(request, _) => classic::refuse_join(request, context, error),
            Request::Sync(_) => classic::refuse_sync(error),
            // as Kafka: old clients do not expect this error here, and who beats while we load is alive
            Request::Heartbeat(_) if error == ErrorCode::CoordinatorLoadInProgress => {
                Response::Heartbeat(ErrorCode::None)
            }
            Request::Heartbeat(_) => Response::Heartbeat(error),
            Request::Leave(_) => {
                Response::Leave(LeaveGroupResponse { error_code: error.code(), ..Default::default() })
            }
            Request::Describe(id) => Response::Describe(DescribedGroup {
                group_id: id.clone(),
                error_code: error.code(),
                ..Default::default()
            }),
            Request::List { .. } => Response::List(Err(error)),
            Request::Delete(_) => Response::Delete(error),
            Request::CommitOffsets(request) => offsets::refuse_commit(request, error),
            Request::FetchOffsets { group, .. } => offsets::refuse_fetch(group, error),
            Request::DeleteOffsets(_) => offsets::refuse_delete(error),
        }
    }
}

pub(crate) fn refuse(
    caller: Caller,
    context: &Context,
    request: &Request,
    error: ErrorCode,
    out: &mut Vec<Effect>,
) {
    out.push(Effect::Answer { caller, response: request.refused(context, error) });
}
