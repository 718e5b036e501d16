//! Followers and observers: what they fetch, from whom, and what they do with it (KIP-595, KIP-630).

use crate::{
    After, Answer, Body, Effect, Failure, FetchedBatch, Quorum, Rejected, Request, RequestId, Role,
    SnapshotId, Target, Voter, Voters, requests::Sent,
};
use klamm_protocol::ErrorCode;
use klamm_types::{Bytes, Mono, Now, Offset, mutant};
use std::time::Duration;

/// The fetching of one node. One request at a time.
#[derive(Clone, Debug)]
pub(crate) struct Fetcher {
    under_way: Option<RequestId>,
    not_before: Mono,
    /// Whether the leader has answered in this epoch.
    pub heard: bool,
    /// Whether the leader has resigned.
    pub resigned: bool,
    /// What the leader says is committed.
    told: Option<Offset>,
    download: Option<Download>,
    update_at: Mono,
    pub bootstrap: usize,
    next_address: usize,
}

/// A snapshot on its way.
#[derive(Clone, Copy, Debug)]
struct Download {
    id: SnapshotId,
    position: u64,
    installing: bool,
}

impl Fetcher {
    pub fn new(now: Mono, bootstrap: usize) -> Self {
        Self {
            under_way: None,
            not_before: now,
            heard: false,
            resigned: false,
            told: None,
            download: None,
            update_at: now,
            bootstrap,
            next_address: 0,
        }
    }

    /// What the leader says is committed.
    pub fn told(&self) -> Option<Offset> {
        self.told
    }

    /// Begins with another leader. Should it not be reached, the next address is asked and not the first again: that may be
    /// this node's own, which knows the leader and not where it is.
    pub fn of_new_leader(&self, now: Mono) -> Self {
        let next_address = if mutant::active("ask the first address again") { 0 } else { self.next_address };
        Self { next_address, ..Self::new(now, self.bootstrap) }
    }

    /// Goes on elsewhere. A snapshot that is being installed stays: it is committed.
    pub fn forget_leader(&mut self, now: Mono) {
        let (download, next_address) = (self.download.filter(|one| one.installing), self.next_address);
        *self = Self { download, next_address, ..Self::new(now, self.bootstrap) };
    }
}

impl Quorum {
    pub(crate) fn is_installing(&self) -> bool {
        self.fetcher.download.is_some_and(|one| one.installing)
    }

    fn wants_to_fetch(&self) -> bool {
        let role = match self.role {
            Role::Follower => !self.fetcher.resigned,
            Role::Unattached => !self.is_voter(), // voters are told
            _ => false,
        };
        role && self.fetcher.under_way.is_none() && self.durable == self.log.end() && !self.is_installing()
    }

    pub(crate) fn fetch_due(&self) -> Option<Mono> {
        let fetch = (self.wants_to_fetch() && self.has_target()).then_some(self.fetcher.not_before);
        let update = self.wants_update().then_some(self.fetcher.update_at);
        [fetch, update, self.canvass_due()].into_iter().flatten().min()
    }

    /// Fetches when it may, and asks again who did not answer.
    pub(crate) fn fetch(&mut self, now: Now, out: &mut Vec<Effect>) {
        self.canvass_again(now, out);
        if self.wants_update() && now.mono >= self.fetcher.update_at {
            self.tell_endpoints(now, out);
        }
        if !self.wants_to_fetch() || now.mono < self.fetcher.not_before {
            return;
        }
        let Some(to) = self.target() else { return };
        let epoch = self.state.epoch;
        let (request, sent) = match self.fetcher.download {
            Some(Download { id, position, .. }) => (
                Request::FetchSnapshot { epoch, replica: self.me, snapshot: id, position },
                Sent::Piece { id, position },
            ),
            None => {
                let log = SnapshotId { end: self.log.end(), epoch: self.log.last_epoch() };
                // a leader that has not been heard is asked whether it is there, not for news
                let max_wait = if self.fetcher.heard { self.timeouts.fetch_wait } else { Duration::ZERO };
                let high_watermark = Some(self.committed.unwrap_or(Offset::NONE));
                (
                    Request::Fetch { epoch, replica: self.me, log, max_wait, high_watermark },
                    Sent::Fetch { log },
                )
            }
        };
        let id = self.send(to, request, sent, After::StateAndLog(epoch, self.log.end()), out);
        self.fetcher.under_way = Some(id);
    }

    fn has_target(&self) -> bool {
        self.role == Role::Follower
            || self.fetcher.bootstrap > 0
            || self.voters().iter().any(|voter| voter.key.id != self.me.id)
    }

    /// The leader; an observer without one asks whom it knows, one after the other.
    fn target(&mut self) -> Option<Target> {
        if let (Role::Follower, Some(leader)) = (&self.role, self.state.leader) {
            return Some(Target::Node(leader));
        }
        let mut known: Vec<_> = (0..self.fetcher.bootstrap).map(Target::Bootstrap).collect();
        known.extend(
            self.voters().iter().map(|voter| voter.key.id).filter(|id| *id != self.me.id).map(Target::Node),
        );
        let at = self.fetcher.next_address.checked_rem(known.len())?;
        self.fetcher.next_address = at + 1;
        known.get(at).copied()
    }

    /// A voter that has moved since it was written into the log.
    fn wants_update(&self) -> bool {
        let moved = |voter: &Voter| voter.key == self.me && voter.endpoints != self.endpoints;
        self.role == Role::Follower && self.fetcher.heard && self.voters().get(self.me.id).is_some_and(moved)
    }

    fn tell_endpoints(&mut self, now: Now, out: &mut Vec<Effect>) {
        let Some(leader) = self.known_leader() else { return };
        let Some(voter) = self.voters().get(self.me.id).cloned() else { return };
        let voter = Voter { endpoints: self.endpoints.clone(), ..voter };
        let request = Request::UpdateVoter { epoch: self.state.epoch, voter };
        self.fetcher.update_at = now.mono.plus(self.timeouts.fetch);
        self.send(Target::Node(leader), request, Sent::UpdateVoter, After::Nothing, out);
    }

    /// What the leader had to say; an answer of somebody else has been heard already.
    pub(crate) fn fetched(
        &mut self,
        now: Now,
        request: RequestId,
        log: SnapshotId,
        answer: Result<Answer, Failure>,
        out: &mut Vec<Effect>,
    ) -> Result<(), Rejected> {
        let current = self.fetcher.under_way == Some(request);
        let Some(body) = self.heard_from_leader(now, current, answer, out) else { return Ok(()) };
        if log != (SnapshotId { end: self.log.end(), epoch: self.log.last_epoch() }) {
            return Ok(()); // it answers for a log that is no more
        }
        match body {
            Body::Records { batches, high_watermark, .. } => {
                self.take(now, batches, out);
                self.fetcher.told = self.fetcher.told.max(high_watermark);
                self.commit_what_is_told(out);
            }
            Body::Diverging(theirs) => self.truncate(theirs, out)?,
            Body::Snapshot(id) if Some(id.end) > self.committed => {
                self.fetcher.download = Some(Download { id, position: 0, installing: false });
            }
            _ => self.fetcher.not_before = now.mono.plus(self.timeouts.retry),
        }
        Ok(())
    }

    /// The body, when it is the leader's and this node follows it.
    fn heard_from_leader(
        &mut self,
        now: Now,
        current: bool,
        answer: Result<Answer, Failure>,
        out: &mut Vec<Effect>,
    ) -> Option<Body> {
        if current {
            self.fetcher.under_way = None;
        }
        let later = now.mono.plus(self.timeouts.retry);
        match answer {
            Ok(answer)
                if answer.error == ErrorCode::None
                    && answer.epoch == self.state.epoch
                    && answer.leader.is_some()
                    && answer.leader == self.state.leader
                    && self.role == Role::Follower =>
            {
                self.fetcher.heard = true;
                if !self.fetcher.resigned {
                    self.timer = now.mono.plus(self.timeouts.fetch);
                }
                return Some(answer.body);
            }
            // its process is dead: nothing to wait for. A voter asks the others what they think.
            Err(Failure::Refused) if current && self.role == Role::Follower => {
                self.fetcher.heard = false;
                self.fetcher.not_before = later;
                self.timer = now.mono;
                self.patience(now, out);
            }
            Ok(_) | Err(_) if current => self.fetcher.not_before = later,
            Ok(_) | Err(_) => {}
        }
        None
    }

    fn take(&mut self, now: Now, batches: Vec<FetchedBatch>, out: &mut Vec<Effect>) {
        let mut after = (self.log.end(), self.log.last_epoch());
        for batch in &batches {
            if batch.base != after.0
                || batch.end <= batch.base
                || batch.epoch < after.1
                || batch.epoch > self.state.epoch
            {
                self.fetcher.not_before = now.mono.plus(self.timeouts.retry);
                return; // no leader sends that
            }
            after = (batch.end, batch.epoch);
        }
        for batch in &batches {
            self.log.append(batch.epoch, batch.end);
            self.since.bytes += batch.bytes.len() as u64;
            if let Some((offset, voters)) = &batch.voters {
                self.voters.push(*offset, voters.clone());
            }
        }
        if !batches.is_empty() {
            out.push(Effect::AppendFetched { batches, after: After::State(self.state.epoch) });
        }
    }

    fn truncate(&mut self, theirs: SnapshotId, out: &mut Vec<Effect>) -> Result<(), Rejected> {
        let end = theirs.end.min(self.log.end_of(theirs.epoch).end);
        let committed = self.committed.unwrap_or(self.log.start()).max(self.log.start());
        if end < committed {
            return Err(Rejected::CommittedLost { epoch: self.state.epoch, end, committed });
        }
        if end < self.log.end() {
            self.log.truncate(end);
            self.voters.truncate(end);
            self.durable = self.durable.min(end);
            out.push(Effect::Truncate { end });
        }
        Ok(())
    }

    /// What the leader says is committed is, once it is durable here.
    pub(crate) fn commit_what_is_told(&mut self, out: &mut Vec<Effect>) {
        if let (Role::Follower, Some(told)) = (&self.role, self.fetcher.told) {
            let end = told.min(self.durable);
            if end > self.log.start() {
                self.commit(end, out);
            }
        }
    }

    pub(crate) fn piece_fetched(
        &mut self,
        now: Now,
        request: RequestId,
        id: SnapshotId,
        position: u64,
        answer: Result<Answer, Failure>,
        out: &mut Vec<Effect>,
    ) {
        let current = self.fetcher.under_way == Some(request);
        let refused = answer.as_ref().is_ok_and(|answer| answer.error != ErrorCode::None);
        let body = self.heard_from_leader(now, current, answer, out);
        let Some(download) = &mut self.fetcher.download else { return };
        if download.id != id || download.position != position || download.installing {
            return;
        }
        match body {
            Some(Body::Piece { position: at, size_bytes, bytes }) if at == position && !bytes.is_empty() => {
                download.position += bytes.len() as u64;
                let whole = download.position >= size_bytes;
                download.installing = whole;
                store(id, position, bytes, out);
                if whole {
                    out.push(Effect::InstallSnapshot(id));
                }
            }
            // it may have a later one by now
            _ if refused => self.fetcher.download = None,
            _ => {}
        }
    }

    pub(crate) fn snapshot_installed(
        &mut self,
        now: Now,
        id: SnapshotId,
        voters: Voters,
        out: &mut Vec<Effect>,
    ) -> Result<(), Rejected> {
        if !self.fetcher.download.is_some_and(|one| one.installing && one.id == id) {
            return Err(Rejected::StraySnapshot { id });
        }
        self.fetcher.download = None;
        self.log = crate::LogShape::after(id);
        self.durable = id.end;
        self.voters = crate::VoterHistory::new(voters, true);
        self.since.begin_at(now.mono, id);
        self.commit(id.end, out);
        Ok(())
    }

    /// Forgets a download that could not be installed.
    pub(crate) fn install_failed(&mut self, now: Now, id: SnapshotId) {
        if self.fetcher.download.is_some_and(|one| one.id == id) {
            self.fetcher.download = None;
            self.fetcher.not_before = now.mono.plus(self.timeouts.fetch);
        }
    }
}

fn store(id: SnapshotId, position: u64, bytes: Bytes, out: &mut Vec<Effect>) {
    out.push(Effect::StorePiece { id, position, bytes });
}
