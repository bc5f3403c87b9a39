//! The cost of making an index of one size, and of saving it.

use crate::{measure::Measured, now, resident};
use domain::{
    actor::Actor,
    event::Recorded,
    id::{CommitId, LogId},
    kind::default_kinds,
    position::{EventId, Position},
    stream::StreamName,
};
use projections::index::{IndexBuilder, Relationship};
use serde::{Deserialize, Serialize};
use std::{path::Path, time::Instant};
use tests::dataset::{self, Item, Plan, story};
use uuid::Uuid;

/// Figures of the making.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Built {
    grants: f64,
    /// Grants a second.
    rate: f64,
    /// Seconds to save.
    save: f64,
    /// Resident bytes of the process that made it.
    bytes: f64,
    /// Bytes of the file.
    file: f64,
}

struct Making {
    builder: IndexBuilder,
    position: u64,
}

impl Making {
    fn place(&mut self) -> EventId {
        self.position += 1;
        EventId { position: Position(self.position), index: 0 }
    }

    fn relation(&mut self, relation: &Relationship) {
        let made = self.place();
        self.builder.relation(relation, true, made);
    }

    /// The grants that were applied.
    fn item(&mut self, item: Item) -> u32 {
        let stream = StreamName::Item(item.item.clone());
        let container = item.container.clone();
        let (reference, grants) = (item.item.clone(), item.grants.len());
        for event in story(item, dataset::TOGETHER).into_iter().flatten() {
            let id = self.place();
            let commit = CommitId(Uuid::from_u128(self.position.into()));
            let recorded = Recorded { id, commit, time: now(), actor: Actor::default(), event };
            self.builder.event(&stream, &recorded);
        }
        if let Some(container) = container {
            self.relation(&Relationship::Part { part: reference, container });
        }
        u32::try_from(grants).expect("a small number")
    }
}

pub(crate) fn report(file: &Path, grants: u64) {
    let plan = Plan::new(grants);
    let log = LogId(Uuid::from_u128(7));
    let before = resident();
    let mut making = Making { builder: IndexBuilder::new(log, &default_kinds()), position: 0 };
    let begun = Instant::now();
    for relation in plan.relations_of_people() {
        match relation {
            dataset::Relation::Member { group, account } => {
                making.relation(&Relationship::Member { group, account });
            }
            dataset::Relation::Library { owner, account } => {
                making.relation(&Relationship::Library { owner, to: account });
            }
            other => unreachable!("{other:?} is of items"),
        }
    }
    let grants: u32 = (1..=plan.items).map(|rank| making.item(plan.item(rank))).sum();
    let rate = f64::from(grants) / begun.elapsed().as_secs_f64();
    let bytes = resident() - before;
    let begun = Instant::now();
    making.builder.save(file).expect("it is saved");
    let save = begun.elapsed().as_secs_f64();
    let length = std::fs::metadata(file).expect("the file").len();
    let length = f64::from(u32::try_from(length).expect("below four gigabytes"));
    let built = Built { grants: f64::from(grants), rate, save, bytes, file: length };
    println!("{}", serde_json::to_string(&built).expect("figures"));
}

impl Built {
    pub(crate) fn print(&self, measured: &Measured) {
        let Self { grants, rate, save, bytes, file } = self;
        let size = measured.size();
        let (each, megabytes) = (bytes / grants, file / 1e6);
        println!("bench | {size}: index built from events | {rate:.0} grants/s | | | reported");
        println!("bench | {size}: resident, where built | {each:.0} bytes a grant | | | <= 100");
        println!("bench | {size}: saved, {megabytes:.0} MB | {save:.2} s | | | reported");
    }
}
