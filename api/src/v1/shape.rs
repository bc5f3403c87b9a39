//! The bodies of answers, made from states and rows, without any request.

pub mod account;
pub mod answer;
pub mod audit;
pub mod grant;
pub mod item;
pub mod link;
pub mod list;
pub mod planned;
pub mod principal;
pub mod publication;
pub mod still_open;
pub mod words;

pub use account::{AccountBody, AddressBody, AddressInput};
pub use answer::{Answer, Page, Reply, Warning, read_headers};
pub(crate) use answer::{json, position_value};
pub use audit::{ActorBody, AuditEvent, EventItem, EventVia, TargetBody};
pub use grant::{AskedBody, EndedGrant, GrantBody, ProvenanceBody, grant_body, grants_ended};
pub use item::{Counts, ItemBody, ItemName, item_address, item_body};
pub use link::{LinkBody, VisitsBody, link_body, shows_secret};
pub use list::{List, TotalBody};
pub use planned::{Planned, PlannedEvent, SampleBody, SideBody};
pub use principal::PrincipalBody;
pub use publication::{AlsoBody, PublicationBody, also, publication_body};
pub use still_open::{StillOpen, still_open, still_open_all};
