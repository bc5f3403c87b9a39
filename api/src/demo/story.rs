//! The people of the demo world and what they have done.

use super::{Cause, LinkPlan, Loader};
use domain::{event::Visibility, role::Role, time::Time};

/// 1 January 2030, in microseconds.
const END_MICROS: i64 = 1_893_456_000_000_000;

pub(super) async fn load(loader: &mut Loader<'_>) -> Result<(), Cause> {
    loader.person("ada", "Ada Moreau").await?;
    loader.person("ben", "Ben Okafor").await?;
    loader.person("chiara", "Chiara Lindgren").await?;
    loader.page("The catalog", "/catalog");
    sequencing(loader).await?;
    holidays(loader).await?;
    workflow(loader).await?;
    loader.world.requests.push("/v1/audit/events?limit=5".to_owned());
    Ok(())
}

async fn sequencing(loader: &mut Loader<'_>) -> Result<(), Cause> {
    let about = (
        "RNA-seq, fourth run",
        "Reads, alignments and counts of the fourth run, with the settings used.",
        ["rna", "sequencing", "2026"].as_slice(),
    );
    let Some(history) = loader.item("history:rna-seq-4", "ada", about).await? else {
        return Ok(());
    };
    let end = Time::default().plus_micros(END_MICROS);
    loader.share(&history, "ben", Role::Editor, None, "works on the alignment").await?;
    loader.share(&history, "chiara", Role::Viewer, Some(end), "second opinion").await?;
    loader.unshare(&history, "chiara", "4711").await?;
    let plan = LinkPlan {
        label: "reviewers",
        shown: "A link that anyone who holds it may open",
        ..LinkPlan::default()
    };
    loader.link(&history, plan).await?;
    let plan = LinkPlan {
        label: "editor of the journal",
        password: Some("open sesame"),
        shown: "A link with the password `open sesame`",
        ..LinkPlan::default()
    };
    loader.link(&history, plan).await?;
    loader.publish(&history).await?;
    loader.page("A published item", "/i/history/rna-seq-4");
    let requests = ["", "/access", "/history"];
    let path = |part: &str| format!("/v1/items/history/rna-seq-4{part}");
    loader.world.requests.extend(requests.into_iter().map(path));
    Ok(())
}

async fn holidays(loader: &mut Loader<'_>) -> Result<(), Cause> {
    let about = (
        "Iceland, nine days in June",
        "Waterfalls, a very cold lake, and the one photograph with sun.",
        ["travel", "2026"].as_slice(),
    );
    let Some(album) = loader.item("album:iceland", "chiara", about).await? else {
        return Ok(());
    };
    loader.share(&album, "ada", Role::Contributor, None, "has the better camera").await?;
    let plan = LinkPlan {
        label: "family",
        max_visits: Some(50),
        shown: "A link that opens 50 times",
        ..LinkPlan::default()
    };
    loader.link(&album, plan).await?;
    loader.publish(&album).await
}

async fn workflow(loader: &mut Loader<'_>) -> Result<(), Cause> {
    let about = (
        "Variant calling, two samples",
        "From raw reads to annotated variants; takes two samples and a reference.",
        ["variants", "sequencing"].as_slice(),
    );
    let Some(workflow) = loader.item("workflow:variant-calling", "ben", about).await? else {
        return Ok(());
    };
    loader.show(&workflow, Visibility::Internal).await?;
    loader.share(&workflow, "ada", Role::Manager, None, "looks after it in my absence").await
}
