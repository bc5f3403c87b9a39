//! The bodies of answers, made from states and rows, without any request.

pub mod account;
pub mod address;
pub mod answer;
pub mod audit;
pub mod dry_run;
pub mod grant;
pub mod item;
pub mod link;
pub mod list;
pub mod principal;
pub mod publication;
pub mod remaining_access;
pub mod words;

pub use account::{AccountBody, AddressBody, AddressInput};
pub use address::item_address;
pub use answer::{Answer, Changed, Commanded, CreatedOrChanged, Issued, Removed, Reply, Warning};
pub use audit::{ActorBody, AuditEvent, EventItem, EventVia, TargetBody};
pub use dry_run::{Planned, PlannedEvent, SampleBody, SideBody};
pub use grant::{AskedBody, EndedGrant, GrantBody, ProvenanceBody, grant_body, grants_ended};
pub use item::{Counts, ItemBody, ItemName, item_body};
pub use link::{LinkBody, VisitsBody, link_body, shows_secret};
pub use list::{List, Listed, TotalBody};
pub use principal::PrincipalBody;
pub use publication::{AlsoBody, PublicationBody, also, publication_body};
pub use remaining_access::{StillOpen, still_open, still_open_all};
