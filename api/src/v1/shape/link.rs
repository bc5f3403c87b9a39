//! The body of a link, and who gets its secret.

use super::{AskedBody, PrincipalBody, address::link_address, item::plain, words};
use crate::{problem::ApiResult, state::AppState};
use commands::Caller;
use domain::{
    event::{Audience, CallerRole},
    id::LinkId,
    item::{LinkStatus, OpenLink, link_status},
    position::Position,
    role::{Permissions, Role, Withheld, effective},
    time::Time,
};
use serde::Serialize;
use utoipa::ToSchema;

/// How often a link was opened.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct VisitsBody {
    /// Openings so far; counted for links with a limit only.
    pub used: u32,
    /// How many there may be; null = any number.
    pub max: Option<u32>,
}

/// A link.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LinkBody {
    /// Its id.
    #[schema(value_type = String, example = "ln_0199c1d2e3f47a5b8c9d0e1f2a3b4c5d")]
    pub id: LinkId,
    /// The address that opens it; only for callers who could do themselves what it permits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The secret part of the address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// The owner's own name for it.
    pub label: Option<String>,
    /// What it permits.
    #[schema(value_type = words::Role)]
    pub role: Role,
    /// What it holds back of the role.
    #[schema(value_type = Vec<words::Withheld>)]
    pub withhold: Vec<Withheld>,
    /// Who may open it.
    #[schema(value_type = words::LinkAudience)]
    pub audience: Audience,
    /// What was asked for, where policy changed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asked: Option<AskedBody>,
    /// First instant.
    #[schema(value_type = Option<words::Instant>)]
    pub starts_at: Option<Time>,
    /// First instant after it.
    #[schema(value_type = Option<words::Instant>)]
    pub ends_at: Option<Time>,
    /// Must a password be given?
    pub has_password: bool,
    /// How often it was opened.
    pub visits: VisitsBody,
    /// Does accepting while signed in give a grant?
    pub joins: bool,
    /// The readable part of its address.
    pub slug: Option<String>,
    /// The application's own text, returned on opening.
    pub state: Option<String>,
    /// Where in its life it is.
    #[schema(value_type = words::LinkStatus)]
    pub status: LinkStatus,
    /// When it was made.
    #[schema(value_type = words::Instant)]
    pub created_at: Time,
    /// Who made it; null = the service itself, or an application for nobody.
    pub created_by: Option<PrincipalBody>,
    /// Position of its last change.
    #[schema(value_type = u64)]
    pub version: Position,
}

/// May this caller see what opens the link? Never an auditor; others when they made it, or could do
/// themselves all that it permits.
pub fn shows_secret(caller: &Caller, rights: Permissions, open: &OpenLink) -> bool {
    let may_open = match caller.role {
        CallerRole::Auditor => false,
        CallerRole::Admin | CallerRole::App | CallerRole::Account => true,
    };
    let own = caller.account.is_some() && open.created_by.account == caller.account;
    may_open && (own || rights.covers(effective(open.terms.role, &open.terms.withhold)))
}

/// A link as it is in a state; `used` openings were counted.
pub fn link_body(link: LinkId, open: &OpenLink, used: u32, now: Time) -> LinkBody {
    let terms = &open.terms;
    LinkBody {
        id: link,
        address: None,
        token: None,
        label: plain(terms.label.as_ref()),
        role: terms.role,
        withhold: terms.withhold.clone(),
        audience: terms.audience,
        asked: open.asked.as_ref().map(Into::into),
        starts_at: terms.starts_at,
        ends_at: terms.ends_at,
        has_password: open.password.is_some(),
        visits: VisitsBody { used, max: terms.max_visits },
        joins: terms.joins,
        slug: None,
        state: plain(terms.state.as_ref()),
        status: link_status(open, used, now),
        created_at: open.created_at,
        created_by: open.created_by.account.as_ref().map(PrincipalBody::account),
        version: open.version,
    }
}

impl LinkBody {
    /// With address and token.
    pub fn with_secret(mut self, app: &AppState, generation: u32) -> ApiResult<Self> {
        let token = app.commands.link_token(self.id, generation)?;
        self.address = Some(link_address(&app.public_url, token.expose()));
        self.token = Some(token.expose().to_owned());
        Ok(self)
    }

    /// As ended; without what opened it. One whose own end had passed stays expired.
    #[must_use]
    pub fn revoked(self) -> Self {
        let status = match self.status {
            LinkStatus::Expired => LinkStatus::Expired,
            LinkStatus::Active
            | LinkStatus::Scheduled
            | LinkStatus::UsedUp
            | LinkStatus::Revoked => LinkStatus::Revoked,
        };
        Self { status, address: None, token: None, ..self }
    }
}
