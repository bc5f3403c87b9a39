//! Payloads of the events of grants. A storage format: see the catalogue.

use crate::{
    event::{AuditPayload, Payload, audit::fields, summary},
    id::GrantId,
    principal::Grantee,
    private_text::HoldsPrivateText,
    role::{Permissions, Role, Withheld, effective},
    time::{Time, Window},
};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value, json};

/// Where a grant came from.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
pub struct Provenance {
    /// What kind of act.
    pub kind: ProvenanceKind,
    /// The link, invitation, transfer or request; absent for direct.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
}

impl Provenance {
    /// Given by name.
    pub const DIRECT: Self = Self { kind: ProvenanceKind::Direct, id: None };
}

/// What kind of act a grant came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ProvenanceKind {
    /// Given by name.
    Direct,
    /// An invitation was accepted.
    Invitation,
    /// A joining link was accepted.
    Link,
    /// Left to the old owner at a transfer.
    Transfer,
    /// A request was granted.
    Request,
    /// Passed on by somebody with share.
    Reshare,
}

/// A grant as it is given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
pub struct Grant {
    /// Its id.
    pub grant: GrantId,
    /// Whom it is for.
    pub grantee: Grantee,
    /// What it permits.
    pub role: Role,
    /// What it holds back of the role.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub withhold: Vec<Withheld>,
    /// First instant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts_at: Option<Time>,
    /// First instant after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<Time>,
    /// Where it came from.
    pub provenance: Provenance,
}

impl Grant {
    /// From when until when it holds.
    pub const fn window(&self) -> Window {
        Window { starts_at: self.starts_at, ends_at: self.ends_at }
    }
    /// What it permits while it holds.
    pub fn permissions(&self) -> Permissions {
        effective(self.role, &self.withhold)
    }
    /// What can change in it.
    pub fn terms(&self) -> GrantTerms {
        GrantTerms {
            role: self.role,
            withhold: self.withhold.clone(),
            starts_at: self.starts_at,
            ends_at: self.ends_at,
        }
    }
    /// The same grant with other terms.
    pub fn set_terms(&mut self, terms: GrantTerms) {
        self.role = terms.role;
        self.withhold = terms.withhold;
        self.starts_at = terms.starts_at;
        self.ends_at = terms.ends_at;
    }
}

/// What was requested where policy changed it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
pub struct GrantTermsRequested {
    /// The end that was requested.
    pub ends_at: Option<Time>,
}

/// `grant.given`: somebody has access from here on, inside the window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
pub struct GrantGiven {
    /// The grant.
    #[serde(flatten)]
    pub grant: Grant,
    /// What was requested, where policy changed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<GrantTermsRequested>,
}
impl HoldsPrivateText for GrantGiven {}

impl Payload for GrantGiven {
    fn summary(&self, target: &str) -> String {
        let (to, terms) = (summary::grantee(&self.grant.grantee), self.grant.terms());
        format!("granted {to} the role {} on {target}{}", terms.role, summary::terms(&terms))
    }
    fn audit(&self) -> AuditPayload {
        AuditPayload::start(self).about_grantee(&self.grant.grantee)
    }
}

/// Read field by field: by `flatten` it would be kept whole in between, and there is no event that
/// is read more often.
impl<'de> Deserialize<'de> for GrantGiven {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Fields {
            grant: GrantId,
            grantee: Grantee,
            role: Role,
            #[serde(default)]
            withhold: Vec<Withheld>,
            #[serde(default)]
            starts_at: Option<Time>,
            #[serde(default)]
            ends_at: Option<Time>,
            provenance: Provenance,
            #[serde(default)]
            asked: Option<GrantTermsRequested>,
        }
        let Fields { grant, grantee, role, withhold, starts_at, ends_at, provenance, asked } =
            Fields::deserialize(deserializer)?;
        let grant = Grant { grant, grantee, role, withhold, starts_at, ends_at, provenance };
        Ok(Self { grant, asked })
    }
}

/// What can change in a grant, whole, before or after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
pub struct GrantTerms {
    /// What it permits.
    pub role: Role,
    /// What it holds back of the role.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub withhold: Vec<Withheld>,
    /// First instant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts_at: Option<Time>,
    /// First instant after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<Time>,
}

impl GrantTerms {
    /// From when until when they hold.
    pub const fn window(&self) -> Window {
        Window { starts_at: self.starts_at, ends_at: self.ends_at }
    }
    /// What they permit while they hold.
    pub fn permissions(&self) -> Permissions {
        effective(self.role, &self.withhold)
    }
}

/// `grant.changed`: the same grant with other terms.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
pub struct GrantChanged {
    /// The grant.
    pub grant: GrantId,
    /// Whom it is for.
    pub grantee: Grantee,
    /// Before.
    pub before: GrantTerms,
    /// After.
    pub after: GrantTerms,
    /// What was requested, where policy changed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<GrantTermsRequested>,
}
impl HoldsPrivateText for GrantChanged {}

impl Payload for GrantChanged {
    fn summary(&self, target: &str) -> String {
        let to = summary::grantee(&self.grantee);
        let (before, after) = (self.before.role, self.after.role);
        let terms = summary::terms(&self.after);
        if before != after {
            return format!("changed the role of {to} on {target} from {before} to {after}{terms}");
        }
        let terms = if terms.is_empty() { " without end" } else { &terms };
        format!("changed the grant of {to} on {target}: {after}{terms}")
    }
    fn audit(&self) -> AuditPayload {
        let mut after = audited(self.grant, &self.after);
        after.extend(self.asked.as_ref().map(|asked| ("asked".to_owned(), json!(asked))));
        AuditPayload::change(audited(self.grant, &self.before), after).about_grantee(&self.grantee)
    }
}

/// Why a grant ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum EndCause {
    /// Somebody with share ended it.
    Unshared,
    /// The grantee left.
    Left,
    /// Its end passed.
    Expired,
    /// The link it came from was revoked with `cascade`.
    Cascade,
    /// The item was closed.
    Closed,
    /// The item changed owner.
    Transferred,
}

/// `grant.ended`: the grant gives nothing any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
pub struct GrantEnded {
    /// The grant.
    pub grant: GrantId,
    /// Whom it was for.
    pub grantee: Grantee,
    /// What it was.
    pub before: GrantTerms,
    /// Why.
    pub cause: EndCause,
    /// When it took effect, if before the record (an expiry).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_at: Option<Time>,
}
impl HoldsPrivateText for GrantEnded {}

impl Payload for GrantEnded {
    fn summary(&self, target: &str) -> String {
        let (to, role) = (summary::grantee(&self.grantee), self.before.role);
        match self.cause {
            EndCause::Unshared => format!("ended the role {role} of {to} on {target}"),
            EndCause::Left => format!("left {target}, giving up the role {role}"),
            EndCause::Expired => {
                let day = self.effective_at.map(Time::day_in_words).unwrap_or_default();
                format!("noted that the role {role} of {to} on {target} ended on {day}")
            }
            EndCause::Cascade => {
                format!("ended the role {role} of {to} on {target} with the link it came from")
            }
            EndCause::Closed => format!("ended the role {role} of {to} by closing {target}"),
            EndCause::Transferred => {
                format!("ended the role {role} of {to} as {target} changed its owner")
            }
        }
    }
    fn audit(&self) -> AuditPayload {
        let at = self.effective_at.map(|at| ("effective_at".to_owned(), json!(at)));
        let after: Map<_, _> =
            [("cause".to_owned(), json!(self.cause))].into_iter().chain(at).collect();
        AuditPayload::change(audited(self.grant, &self.before), after).about_grantee(&self.grantee)
    }
}

/// The terms of a grant with its id.
fn audited(grant: GrantId, terms: &GrantTerms) -> Map<String, Value> {
    let mut all = fields(terms);
    all.insert("grant".to_owned(), json!(grant));
    all
}
