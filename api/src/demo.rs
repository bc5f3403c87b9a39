//! The demo world of `serve --demo`, loaded through the commands.
//!
//! Every step carries an idempotency key, so a second start finds everything done and changes
//! nothing.

mod story;

use commands::{
    AccountCommand, Address, Caller, CommandError, Commands, GranteeRef, Outcome, Profile, Request,
    Secret,
};
use domain::{
    event::{Audience, CallerRole, CatalogAudience, ItemEvent, Visibility},
    id::{AccountId, IdError, ItemRef, LinkId},
    item::{EndTarget, ItemCommand, ItemState, NewDescription, NewLink, NewPublication, Share},
    kind::Kinds,
    principal::Grantee,
    role::Role,
    time::Time,
};
use url::Url;

/// What was loaded, to be shown at the start.
#[derive(Debug, Default)]
pub struct DemoWorld {
    /// What a page shows, and its address.
    pub pages: Vec<(String, String)>,
    /// Paths of requests to try, with the token of an administrator.
    pub requests: Vec<String>,
}

/// Why the world was not loaded.
#[derive(Debug, thiserror::Error)]
#[error("the demo world cannot be loaded: {step}: {cause}")]
pub struct DemoError {
    step: String,
    cause: Cause,
}

#[derive(Debug, thiserror::Error)]
enum Cause {
    #[error(transparent)]
    Command(#[from] CommandError),
    #[error(transparent)]
    Id(#[from] IdError),
}

impl From<DemoError> for crate::exit::Failure {
    fn from(error: DemoError) -> Self {
        let message = error.to_string();
        match error.cause {
            Cause::Command(cause) => Self { message, ..cause.into() },
            Cause::Id(_) => Self::failed(message),
        }
    }
}

/// Loads the world; answers where it can be looked at. Items of kinds that are not configured are
/// left
/// out.
pub async fn load(commands: &Commands, public_url: &Url) -> Result<DemoWorld, DemoError> {
    let kinds = commands.system().kinds.clone();
    let mut loader = Loader {
        commands,
        kinds,
        base: public_url.as_str().trim_end_matches('/').to_owned(),
        step: String::new(),
        world: DemoWorld::default(),
    };
    match story::load(&mut loader).await {
        Ok(()) => Ok(loader.world),
        Err(cause) => Err(DemoError { step: loader.step, cause }),
    }
}

/// Issues the commands of the story, one key each.
struct Loader<'a> {
    commands: &'a Commands,
    kinds: Kinds,
    base: String,
    step: String,
    world: DemoWorld,
}

/// An item of the story.
struct Item {
    item: ItemRef,
    owner: &'static str,
}

/// A link of the story.
#[derive(Default)]
struct LinkPlan {
    label: &'static str,
    password: Option<&'static str>,
    max_visits: Option<u32>,
    shown: &'static str,
}

impl Loader<'_> {
    fn request(&mut self, account: Option<&str>, step: String) -> Result<Request, Cause> {
        let caller = Caller {
            role: CallerRole::App,
            label: "demo".to_owned(),
            account: account.map(AccountId::parse).transpose()?,
            ..Caller::default()
        };
        self.step.clone_from(&step);
        Ok(Request {
            key: Some(format!("demo {step}")),
            fingerprint: step.into_bytes(),
            ..Request::new(caller)
        })
    }

    fn page(&mut self, what: impl Into<String>, path: &str) {
        self.world.pages.push((what.into(), format!("{}{path}", self.base)));
    }

    async fn person(&mut self, id: &str, name: &str) -> Result<(), Cause> {
        let request = self.request(None, format!("account {id}"))?;
        let address = Address { address: format!("{id}@example.org"), verified: true };
        let profile = Profile { name: Some(name.to_owned()), addresses: vec![address] };
        let account = AccountId::parse(id)?;
        self.commands.account(&request, &account, AccountCommand::Put(profile)).await?;
        Ok(())
    }

    /// Registers an item; `None` = its kind is not configured here.
    async fn item(
        &mut self,
        name: &str,
        owner: &'static str,
        (title, description, tags): (&str, &str, &[&str]),
    ) -> Result<Option<Item>, Cause> {
        let item: ItemRef = name.parse()?;
        if !self.kinds.contains_key(&item.kind) {
            return Ok(None);
        }
        let request = self.request(Some(owner), format!("register {item}"))?;
        let command = ItemCommand::Register {
            owner: AccountId::parse(owner)?,
            description: NewDescription {
                title: Some(title.to_owned()),
                description: Some(description.to_owned()),
                tags: tags.iter().map(|&tag| tag.to_owned()).collect(),
                in_library: true,
                ..NewDescription::default()
            },
        };
        self.commands.item(&request, &item, command).await?;
        Ok(Some(Item { item, owner }))
    }

    async fn share(
        &mut self,
        item: &Item,
        with: &str,
        role: Role,
        ends_at: Option<Time>,
        reason: &str,
    ) -> Result<(), Cause> {
        let step = format!("share {} with {with}", item.item);
        let mut request = self.request(Some(item.owner), step)?;
        request.reason = Some(reason.to_owned());
        let template = Share {
            grantees: Vec::new(),
            role,
            withhold: Vec::new(),
            starts_at: None,
            ends_at,
            on_existing: domain::item::OnExisting::Keep,
        };
        let asked = vec![GranteeRef::Account(AccountId::parse(with)?)];
        self.commands.share(&request, &item.item, asked, template).await?;
        Ok(())
    }

    async fn unshare(&mut self, item: &Item, with: &str, ticket: &str) -> Result<(), Cause> {
        let step = format!("unshare {} with {with}", item.item);
        let mut request = self.request(Some(item.owner), step)?;
        request.ticket = Some(ticket.to_owned());
        let target = EndTarget::Grantee(Grantee::Account(AccountId::parse(with)?));
        self.commands.item(&request, &item.item, ItemCommand::EndGrants(target)).await?;
        Ok(())
    }

    async fn show(&mut self, item: &Item, visibility: Visibility) -> Result<(), Cause> {
        let request = self.request(Some(item.owner), format!("visibility {}", item.item))?;
        self.commands.item(&request, &item.item, ItemCommand::SetVisibility(visibility)).await?;
        Ok(())
    }

    async fn publish(&mut self, item: &Item) -> Result<(), Cause> {
        if !self.kinds.get(&item.item.kind).is_some_and(|kind| kind.publishable) {
            return Ok(());
        }
        let request = self.request(Some(item.owner), format!("publish {}", item.item))?;
        let publication = NewPublication {
            audience: CatalogAudience::Anyone,
            groups: Vec::new(),
            title: None,
            description: None,
            tags: None,
            preview: None,
        };
        self.commands.item(&request, &item.item, ItemCommand::Publish(publication)).await?;
        Ok(())
    }

    async fn link(&mut self, item: &Item, plan: LinkPlan) -> Result<(), Cause> {
        if !self.kinds.get(&item.item.kind).is_some_and(|kind| kind.linkable) {
            return Ok(());
        }
        let request =
            self.request(Some(item.owner), format!("link {} {}", item.item, plan.label))?;
        let link = NewLink {
            label: Some(plan.label.to_owned()),
            role: Role::Viewer,
            withhold: Vec::new(),
            audience: Audience::Anyone,
            starts_at: None,
            ends_at: None,
            max_visits: plan.max_visits,
            password: None,
            joins: false,
            state: None,
        };
        let password = plan.password.map(Secret::new);
        let outcome = self.commands.create_link(&request, &item.item, link, password).await?;
        if let Some((link, generation)) = created(&outcome) {
            let token = self.commands.link_token(link, generation)?;
            self.page(plan.shown, &format!("/l/{}", token.expose()));
        }
        Ok(())
    }
}

/// The link that a command made, and its generation now; `None` = it is gone since.
fn created(outcome: &Outcome<ItemState>) -> Option<(LinkId, u32)> {
    let made = outcome.events.iter().find_map(|recorded| {
        if let ItemEvent::LinkCreated(created) = &recorded.event {
            Some(created.link)
        } else {
            None
        }
    })?;
    outcome.after.links.get(&made).map(|link| (made, link.generation))
}
