//! The facts of access that the state of an item knows by itself.

use super::{
    Subject, Visit,
    rule::{AccessFacts, GrantView, LinkView},
};
use crate::{
    event::{Audience, Visibility},
    id::LinkId,
    item::{ItemState, Lifecycle, OpenGrant, OpenLink},
    principal::Grantee,
    role::{Permissions, Role},
    time::Window,
};
use std::convert::Infallible;

impl GrantView for &OpenGrant {
    fn role(self) -> Role {
        self.grant.role
    }
    fn permissions(self) -> Permissions {
        self.grant.permissions()
    }
    fn window(self) -> Window {
        self.grant.window()
    }
}

impl GrantView for &OpenLink {
    fn role(self) -> Role {
        self.terms.role
    }
    fn permissions(self) -> Permissions {
        self.terms.permissions()
    }
    fn window(self) -> Window {
        self.terms.window()
    }
}

impl LinkView for &OpenLink {
    fn audience(self) -> Audience {
        self.terms.audience
    }
    fn generation(self) -> u32 {
        self.generation
    }
    fn password_version(self) -> u64 {
        self.password_version
    }
}

impl<'a> AccessFacts for &'a ItemState {
    type Who = Subject;
    type Grant = &'a OpenGrant;
    type Opening = Infallible;
    type Link = &'a OpenLink;

    fn signed_in(who: &Subject) -> bool {
        who.is_signed_in()
    }
    fn visits(who: &Subject) -> &[Visit] {
        &who.visits
    }
    fn lifecycle(self) -> Lifecycle {
        self.lifecycle
    }
    fn visibility(self) -> Visibility {
        self.visibility
    }
    fn is_owned_by(self, who: &Subject) -> bool {
        who.account.is_some() && who.account == self.owner
    }
    fn grants_to(self, who: &Subject, each: impl FnMut(&'a OpenGrant)) {
        let mine = |open: &&OpenGrant| match &open.grant.grantee {
            Grantee::Account(account) => who.account.as_ref() == Some(account),
            Grantee::Group(group) => who.groups.contains(group),
        };
        self.grants.values().filter(mine).for_each(each);
    }
    // Libraries and containers are other streams' facts; who judges from the item alone has none.
    fn opening_to(self, _: &Subject) -> Option<Infallible> {
        None
    }
    fn link(self, id: LinkId) -> Option<&'a OpenLink> {
        self.links.get(&id)
    }
    fn containers(self, _: impl FnMut(Self)) {}
    fn is(self, other: Self) -> bool {
        std::ptr::eq(self, other)
    }
}
