//! Extractors: everything that is read from a request, strictly.

mod body;
mod call;
mod headers;
mod moment;
mod page;
mod path;
mod plain;
mod position;
mod query;

pub use body::{BODY_LIMIT, NoBody, Nullable, Reading};
pub use call::{Asking, Call, CommandQuery, DryRun};
pub use headers::{Head, Preconditions};
pub(crate) use headers::{at_least, is_sent, single, wait};
pub use moment::{bound, instant_or_end_of_date, parse_moment};
pub use page::{ListQuery, RowCursor, RowPage, paginate};
pub use path::{
    AccountArg, AccountPath, GrantPath, GranteePath, ItemPath, LinkPath, ProjectionPath, TokenPath,
    WebhookPath, typed_in_path,
};
pub use position::PositionToken;
pub use query::Params;
