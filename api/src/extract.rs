//! Extractors: everything that is read from a request, strictly.

mod body;
mod command_request;
mod field_message;
mod headers;
mod moment;
mod page;
mod path;
mod position;
mod query;

pub use body::{JsonBody, MAX_BODY_BYTES, NoBody, Nullable};
pub use command_request::{CommandQuery, CommandRequest, DryRun, QueryRequest};
pub use headers::{Preconditions, RequestMeta};
pub(crate) use headers::{at_least, is_sent, single, wait};
pub use moment::{bound, instant_or_end_of_date, parse_moment};
pub use page::{ListQuery, RowPage, paginate};
pub use path::{
    AccountArg, AccountPath, GrantPath, GranteePath, ItemPath, LinkPath, ProjectionPath, TokenPath,
    WebhookPath, typed_in_path,
};
pub use position::PositionToken;
pub use query::Params;
