//! Shorthand to build the examples.

use domain::{
    event::{
        Audience, EndCause, EventType, Grant, GrantEnded, GrantGiven, ItemClosed, ItemEvent,
        ItemRetired, LinkCreated, LinkTerms, Provenance, ProvenanceKind, Visibility,
        VisibilityChanged,
    },
    item::{ItemCommand, NewDescription, NewLink, OnExisting, ResolvedGrantee, Share},
    principal::Grantee,
    role::{Role, Withheld},
    testing::{Given, account, asking, given, grant_id, link_id, registered, to_account},
    time::Time,
};

/// An item of `a-1`, shared with nobody.
pub(crate) fn mine() -> Given {
    given([registered("a-1")])
}

/// The n-th grant, direct.
pub(crate) fn gives(n: u128, grantee: Grantee, role: Role) -> ItemEvent {
    gives_until(n, grantee, role, &[], None)
}

pub(crate) fn gives_until(
    n: u128,
    grantee: Grantee,
    role: Role,
    withhold: &[Withheld],
    ends_at: Option<Time>,
) -> ItemEvent {
    let grant = Grant {
        grant: grant_id(n),
        grantee,
        role,
        withhold: withhold.to_vec(),
        starts_at: None,
        ends_at,
        provenance: Provenance::DIRECT,
    };
    ItemEvent::GrantGiven(GrantGiven { grant, asked: None })
}

/// The n-th grant, born from the l-th link.
pub(crate) fn born(n: u128, who: &str, l: u128) -> ItemEvent {
    let ItemEvent::GrantGiven(mut given) = gives(n, to_account(who), Role::Viewer) else {
        unreachable!("it is a grant")
    };
    let id = Some(link_id(l).to_string());
    given.grant.provenance = Provenance { kind: ProvenanceKind::Link, id };
    ItemEvent::GrantGiven(given)
}

/// The end of a grant that was given by [`gives`].
pub(crate) fn ends(given: &ItemEvent, cause: EndCause, effective_at: Option<Time>) -> ItemEvent {
    let ItemEvent::GrantGiven(given) = given else { unreachable!("it is a grant") };
    let grant = &given.grant;
    ItemEvent::GrantEnded(GrantEnded {
        grant: grant.grant,
        grantee: grant.grantee.clone(),
        before: grant.terms(),
        cause,
        effective_at,
    })
}

pub(crate) fn share(with: &[Grantee], role: Role) -> Share {
    Share {
        grantees: with.iter().cloned().map(ResolvedGrantee::Grantee).collect(),
        role,
        withhold: Vec::new(),
        starts_at: None,
        ends_at: None,
        on_existing: OnExisting::Keep,
    }
}

pub(crate) fn terms(role: Role, audience: Audience) -> LinkTerms {
    LinkTerms {
        role,
        audience,
        withhold: Vec::new(),
        starts_at: None,
        ends_at: None,
        max_visits: None,
        joins: false,
        label: None,
        state: None,
    }
}

pub(crate) fn links(n: u128, terms: LinkTerms) -> ItemEvent {
    let link = link_id(n);
    ItemEvent::LinkCreated(LinkCreated { link, terms, generation: 1, password: None, asked: None })
}

pub(crate) fn link(role: Role, audience: Audience) -> NewLink {
    NewLink {
        label: None,
        role,
        withhold: Vec::new(),
        audience,
        starts_at: None,
        ends_at: None,
        max_visits: None,
        password: None,
        joins: false,
        state: None,
    }
}

pub(crate) fn sees(before: Visibility, after: Visibility) -> ItemEvent {
    ItemEvent::VisibilityChanged(VisibilityChanged { before, after })
}

pub(crate) fn public() -> ItemEvent {
    sees(Visibility::Restricted, Visibility::Public)
}

pub(crate) fn closed() -> ItemEvent {
    let ended = domain::event::Ended::default();
    ItemEvent::Closed(ItemClosed { ended, visibility: Visibility::Restricted })
}

pub(crate) fn retired() -> ItemEvent {
    let ended = domain::event::Ended::default();
    ItemEvent::Retired(ItemRetired { ended, visibility: Visibility::Restricted })
}

pub(crate) fn register(owner: &str, title: Option<&str>) -> ItemCommand {
    let description = NewDescription {
        title: title.map(str::to_owned),
        in_library: true,
        ..NewDescription::default()
    };
    ItemCommand::Register { owner: account(owner), description }
}

/// Titled `RNA-seq 4` by its owner.
pub(crate) fn titled() -> Given {
    given([])
        .when(&register("a-1", Some("RNA-seq 4")), &asking("a-1"))
        .then_types(&[EventType::ItemRegistered])
}
