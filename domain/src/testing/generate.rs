//! Generates histories from random commands, run through the real `decide` and `evolve`.
//!
//! The same seed always gives the same history. Refused commands leave no trace, so that every
//! history is one that the service could have written.

mod commands;

use super::{
    names::{account, dummy_seal, group, hour, item},
    replay,
};
use crate::{
    access::{Subject, oracle::Entry, permissions},
    account::{AccountCommand, AccountState},
    actor::Actor,
    aggregate::{Aggregate as _, Circumstances, Condition},
    event::{Event, Recorded},
    id::{AccountId, CommitId, GroupId, ItemRef},
    item::{Context, ItemCommand, ItemState},
    kind::{Kinds, default_kinds},
    position::{EventId, Position},
    private_text::HoldsPrivateText as _,
    rejection::ShareResult,
    stream::StreamName,
    time::Time,
};
use proptest::strategy::Strategy;
use std::collections::BTreeMap;
use uuid::Uuid;

/// What one command appended: one record.
#[derive(Debug, Clone)]
pub struct Step {
    /// The stream it stands on.
    pub stream: StreamName,
    /// Position of the stream's record before.
    pub prev: Position,
    /// The record's position.
    pub position: Position,
    /// Its effective time.
    pub time: Time,
    /// Unique id of the commit.
    pub commit: CommitId,
    /// Who did it.
    pub actor: Actor,
    /// What happened; private texts are open and carry a dummy seal, so that they can be stored.
    pub events: Vec<Event>,
    /// What became of each grantee of a share.
    pub results: Vec<ShareResult>,
}

/// A history and what follows from it.
#[derive(Debug, Clone, Default)]
pub struct History {
    /// The records, in the order of the log, positions dense from 1.
    pub steps: Vec<Step>,
    /// Their events one by one.
    pub entries: Vec<Entry>,
    /// The items as they are in the end.
    pub items: BTreeMap<ItemRef, ItemState>,
    /// The accounts as they are in the end.
    pub accounts: BTreeMap<AccountId, AccountState>,
}

impl History {
    /// Position of the last record.
    pub fn head(&self) -> Position {
        self.steps.last().map_or(Position::START, |step| step.position)
    }
    /// Its time.
    pub fn last_time(&self) -> Time {
        self.steps.last().map_or(hour(0), |step| step.time)
    }
}

/// Makes one record after the other.
#[derive(Debug)]
pub struct Generator {
    random: Random,
    now: Time,
    kinds: Kinds,
    history: History,
}

impl Generator {
    /// A generator; the same seed gives the same records.
    pub fn new(seed: u64) -> Self {
        Self {
            random: Random(seed),
            now: hour(0),
            kinds: default_kinds(),
            history: History::default(),
        }
    }

    /// What was made so far.
    pub fn history(&self) -> &History {
        &self.history
    }

    /// The accounts that appear.
    pub fn accounts() -> Vec<AccountId> {
        ["a-1", "a-2", "a-3", "a-4", "a-5"].map(account).to_vec()
    }

    /// The groups that appear.
    pub fn groups() -> Vec<GroupId> {
        ["g-1", "g-2"].map(group).to_vec()
    }

    /// The items that appear.
    pub fn items() -> Vec<ItemRef> {
        let names = [("history", "h-1"), ("album", "al.1"), ("search", "s-1")];
        names.map(|(kind, id)| item(kind, id)).to_vec()
    }

    /// One more record, from as many commands as it takes.
    pub fn step(&mut self) -> &Step {
        loop {
            if self.random.below(3) == 0 {
                let hours = i64::try_from(self.random.below(30)).unwrap_or_default();
                self.now = self.now.plus_seconds(3_600 * hours);
            }
            self.now = self.now.plus_micros(7_000_001);
            if self.random.below(12) == 0 {
                self.account_step();
            } else {
                self.item_step();
            }
            let fresh = self.history.steps.last().is_some_and(|step| step.time == self.now);
            if fresh {
                break;
            }
        }
        #[expect(clippy::expect_used, reason = "the loop ends with one")]
        self.history.steps.last().expect("a step")
    }

    fn item_step(&mut self) {
        let item = self.random.pick(&Self::items()).clone();
        let state = self.history.items.get(&item).cloned().unwrap_or_default();
        let command = commands::any(&mut self.random, &state, &item, self.now);
        let (subject, actor) = self.caller(&state, &command);
        let ids: Vec<Uuid> = (0..command.ids_needed()).map(|_| self.random.uuid()).collect();
        let condition = if let ItemCommand::ReplaceSharing { .. } = &command {
            Condition::Version(state.sharing_version)
        } else {
            Condition::None
        };
        let context = Context {
            now: self.now,
            subject: &subject,
            rights: permissions(&state, &subject, self.now),
            item: &item,
            kinds: &self.kinds,
            ids: &ids,
            condition,
        };
        let Ok(decision) = state.decide(&command, &context) else { return };
        let events: Vec<Event> = decision.events.into_iter().map(Event::from).collect();
        let recorded = self.append(StreamName::Item(item.clone()), state.position, actor, events);
        let mut state = state;
        for recorded in &recorded {
            replay(&mut state, recorded);
        }
        self.history.items.insert(item, state);
        if let (Some(step), false) = (self.history.steps.last_mut(), recorded.is_empty()) {
            step.results = decision.results;
        }
    }

    /// Mostly the owner; at times another account, the service, or somebody not signed in.
    fn caller(&mut self, state: &ItemState, command: &ItemCommand) -> (Subject, Actor) {
        let owner = if let ItemCommand::Register { owner, .. } = command {
            Some(owner.clone())
        } else {
            state.owner.clone()
        };
        let account = match (self.random.below(10), owner) {
            (0..=5, Some(owner)) => owner,
            (0..=8, _) => self.random.pick(&Self::accounts()).clone(),
            (_, _) if matches!(command, ItemCommand::Expire) || self.random.below(2) == 0 => {
                return (Subject::unrestricted(), Actor::system("sweeper"));
            }
            (_, _) => {
                let actor = Actor { anonymous: true, ..Actor::default() };
                return (Subject::anonymous(), actor);
            }
        };
        let known = self.history.accounts.get(&account);
        if known.is_some_and(|known| !known.is_active()) {
            return (Subject::anonymous(), Actor { anonymous: true, ..Actor::default() });
        }
        let mut subject = Subject::account(account.clone());
        let groups = Self::groups().into_iter().filter(|_| self.random.below(3) == 0);
        subject.groups = groups.collect();
        (subject, Actor::account(account))
    }

    fn account_step(&mut self) {
        let account = self.random.pick(&Self::accounts()).clone();
        let state = self.history.accounts.get(&account).cloned().unwrap_or_default();
        let command = match self.random.below(10) {
            0..=6 => AccountCommand::Register { profile: None },
            7 | 8 => AccountCommand::Deactivate,
            _ if self.random.below(6) == 0 => AccountCommand::Erase { keys: Vec::new() },
            _ => AccountCommand::Change { profile: Some(super::vault_id(self.now_number())) },
        };
        let Ok(decision) = state.decide(&command, &Circumstances::default()) else { return };
        let events = decision.events.into_iter().map(Event::from).collect();
        let (stream, actor) = (StreamName::Account(account.clone()), Actor::system("test"));
        let recorded = self.append(stream, state.position, actor, events);
        let mut state = state;
        for recorded in &recorded {
            replay(&mut state, recorded);
        }
        self.history.accounts.insert(account, state);
    }

    fn now_number(&self) -> u128 {
        u128::from(self.now.as_micros().unsigned_abs())
    }

    fn append(
        &mut self,
        stream: StreamName,
        prev: Position,
        actor: Actor,
        mut events: Vec<Event>,
    ) -> Vec<Recorded> {
        if events.is_empty() {
            return Vec::new();
        }
        let position = self.history.head().next();
        let commit = CommitId(self.random.uuid());
        for event in &mut events {
            for field in event.private_texts() {
                if field.text.needs_sealing() {
                    field.text.set_sealed(dummy_seal(commit, field.field));
                }
            }
        }
        let recorded: Vec<_> = (0..)
            .zip(&events)
            .map(|(index, event)| Recorded {
                id: EventId { position, index },
                commit,
                time: self.now,
                actor: actor.clone(),
                event: event.clone(),
            })
            .collect();
        let entry =
            |recorded: &Recorded| Entry { stream: stream.clone(), recorded: recorded.clone() };
        self.history.entries.extend(recorded.iter().map(entry));
        let (time, results) = (self.now, Vec::new());
        let step = Step { stream, prev, position, time, commit, actor, events, results };
        self.history.steps.push(step);
        recorded
    }
}

/// A history of so many records.
pub fn history(seed: u64, records: usize) -> History {
    let mut generator = Generator::new(seed);
    for _ in 0..records {
        generator.step();
    }
    generator.history
}

/// Histories of up to so many records; a failing one is shortened.
pub fn histories(records: usize) -> impl Strategy<Value = History> {
    (proptest::num::u64::ANY, 1..=records).prop_map(|(seed, records)| history(seed, records))
}

/// Numbers that look random and are the same for the same seed (splitmix64, Steele et al. 2014).
#[derive(Debug)]
pub(super) struct Random(u64);

impl Random {
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
    /// From 0 to one less than this.
    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }
    pub(super) fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
    #[expect(clippy::indexing_slicing, reason = "below the length; no list here is empty")]
    pub(super) fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        let index = self.below(list.len() as u64);
        &list[usize::try_from(index).unwrap_or_default()]
    }
    pub(super) fn uuid(&mut self) -> Uuid {
        let bits = (u128::from(self.next()) << 64) | u128::from(self.next());
        uuid::Builder::from_random_bytes(bits.to_be_bytes()).into_uuid()
    }
}
