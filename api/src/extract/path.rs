//! Path parameters: item, grant, link, account or token. Malformed ids are refused.

use crate::{
    problem::{Problem, ProblemType},
    routing::{Contract, Takes},
};
use axum::{
    extract::{FromRequestParts, MatchedPath, RawPathParams},
    http::request::Parts,
};
use domain::{
    id::{AccountId, GrantId, IdError, ItemId, ItemRef, KindName, LinkId, TokenId, WebhookId},
    principal::Grantee,
};
use percent_encoding::percent_decode_str;
use std::str::FromStr;

struct Segments(RawPathParams);

impl Segments {
    async fn extract<S: Send + Sync>(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        RawPathParams::from_request_parts(parts, state).await.map(Self).map_err(|_| {
            let detail = "is no UTF-8 text when its percent-encoding is undone";
            Problem::field(format!("path:{}", unreadable(parts)), detail)
        })
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    fn get<T: FromStr<Err = IdError>>(&self, name: &str) -> Result<T, Problem> {
        let text = self.text(name).unwrap_or_default();
        text.parse()
            .map_err(|error: IdError| Problem::field(format!("path:{name}"), error.to_string()))
    }

    fn item(&self) -> Result<ItemRef, Problem> {
        Ok(ItemRef { kind: self.get::<KindName>("kind")?, id: self.get::<ItemId>("id")? })
    }
}

/// The name of the part of the path that is no UTF-8 text.
fn unreadable(parts: &Parts) -> String {
    let Some(pattern) = parts.extensions.get::<MatchedPath>() else { return String::new() };
    let named = pattern.as_str().split('/').zip(parts.uri.path().split('/'));
    let mut wrong = named.filter(|(_, sent)| percent_decode_str(sent).decode_utf8().is_err());
    let name = wrong.find_map(|(name, _)| name.strip_prefix('{')?.strip_suffix('}'));
    name.unwrap_or_default().to_owned()
}

/// What a part of a path names.
type Named = (&'static str, &'static str);

const KIND: Named = ("kind", "The kind of the item, one of GET /v1/kinds.");
const ITEM: Named = ("id", "The application's own id of the item.");

macro_rules! path {
    ($(#[$doc:meta])* $name:ident { $($field:ident: $type:ty),* }
        named $names:expr; = |$segments:ident| $read:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone)]
        pub struct $name { $(#[doc = concat!("The \
            ", stringify!($field), ".")] pub $field: $type),* }

        impl Takes for $name {
            fn describe(contract: &mut Contract) {
                contract.path.extend_from_slice(&$names);
                if $names.contains(&ITEM) {
                    contract.problems.push(ProblemType::ItemRetired);
                }
            }
        }

        impl<S: Send + Sync> FromRequestParts<S> for $name {
            type Rejection = Problem;

            async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
                let $segments = Segments::extract(parts, state).await?;
                $read
            }
        }
    };
}

path!(
    /// `…/items/{kind}/{id}`
    ItemPath { item: ItemRef } named [KIND, ITEM]; = |s| Ok(Self { item: s.item()? })
);
path!(
    /// `…/grants/{grant}` of an item
    GrantPath { item: ItemRef, grant: GrantId }
        named [KIND, ITEM, ("grant", "The grant, `gr_…`.")];
        = |s| Ok(Self { item: s.item()?, grant: s.get("grant")? })
);
path!(
    /// `…/grants/account/{account}` or `…/grants/group/{group}` of an item
    GranteePath { item: ItemRef, grantee: Grantee }
        named [KIND, ITEM, ("account", "The application's own id of the account."),
            ("group", "The application's own id of the group.")]; = |s| {
        let item = s.item()?;
        let grantee = match s.text("group") {
            Some(_) => Grantee::Group(s.get("group")?),
            None => Grantee::Account(s.get("account")?),
        };
        Ok(Self { item, grantee })
    }
);
path!(
    /// `…/links/{link}` of an item
    LinkPath { item: ItemRef, link: LinkId }
        named [KIND, ITEM, ("link", "The link, `ln_…`.")];
        = |s| Ok(Self { item: s.item()?, link: s.get("link")? })
);
path!(
    /// `/v1/projections/{name}`
    ProjectionPath { name: String }
        named [("name", "The read model: access, catalog or audit.")];
        = |s| Ok(Self { name: s.text("name").unwrap_or_default().to_owned() })
);
path!(
    /// `/v1/tokens/{token}`
    TokenPath { token: TokenId }
        named [("token", "The access token's id, `tk_…`; not its secret.")];
        = |s| Ok(Self { token: s.get("token")? })
);
path!(
    /// `/v1/webhooks/{webhook}` and below
    WebhookPath { webhook: WebhookId }
        named [("webhook", "The webhook, `wh_…` and a UUID that its maker chose.")];
        = |s| Ok(Self { webhook: s.get("webhook")? })
);
path!(
    /// `/v1/accounts/{account}`, where `me` is the caller's own
    AccountPath { account: AccountArg }
        named [("account", "The application's own id of the account; `me` = the caller's own, or \
            the one that Sharelog-On-Behalf-Of names.")];
        = |s| {
        let account = match s.text("account") {
            Some("me") => AccountArg::Me,
            _ => AccountArg::Id(s.get("account")?),
        };
        Ok(Self { account })
    }
);

/// What is said where nothing was found under an id that begins with its own type, as ids in
/// filters may: in a path the type stands before it already.
pub fn typed_in_path(kind: &str, id: &str) -> Option<Problem> {
    let bare = id.strip_prefix(kind)?.strip_prefix(':')?;
    let detail = format!(
        "there is nothing under the id `{id}`; in a path the id stands alone: `{bare}` is meant?"
    );
    Some(Problem::field(format!("path:{kind}"), detail))
}

/// An account in a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccountArg {
    /// The caller's own, or the one it acts for.
    Me,
    /// By id.
    Id(AccountId),
}

impl AccountArg {
    /// The account meant.
    pub fn resolve(&self, own: Option<&AccountId>) -> Result<AccountId, Problem> {
        match self {
            Self::Id(id) => Ok(id.clone()),
            Self::Me => own.cloned().ok_or_else(|| {
                Problem::field(
                    "path:account",
                    "`me` is the caller's account, and this caller has none: name the account, \
                     or act for it with Sharelog-On-Behalf-Of",
                )
            }),
        }
    }
}
