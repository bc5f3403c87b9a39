//! Published items are found, ranked, counted and paged alike on both engines.

use crate::{
    access::on,
    engine::Engine,
    world::{Said, World},
};
use domain::{
    event::{
        CatalogAudience, Ended, ItemClosed, ItemEvent, ItemReopened, Publication,
        PublicationUpdated, PublicationWithdrawn, Published, Restore, Visibility, WithdrawCause,
    },
    id::{ItemRef, KindName},
    testing::{account, hour, item, registered},
};
use projections::{
    CatalogPage, CatalogQuery, FacetCount, Page, Sort, SortField, ViewError, Viewer, Views,
};
use std::sync::Arc;

fn publication(title: &str, tags: &[&str], description: Option<&str>) -> Publication {
    Publication {
        audience: CatalogAudience::Anyone,
        groups: Vec::new(),
        slug: None,
        title: title.to_owned(),
        description: description.map(ToOwned::to_owned),
        tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
        preview: None,
    }
}

async fn publish(world: &World, it: &ItemRef, owner: &str, publication: Publication) {
    let by = Said::by(owner);
    world.say(&on(it), &by, vec![registered(owner).into()]).await;
    let published = ItemEvent::Published(Published { publication });
    world.say(&on(it), &by, vec![published.into()]).await;
}

async fn filled() -> World {
    let world = World::new();
    let entries = [
        ("history", "h-1", "a-1", publication("RNA-seq of yeast", &["RNA", "yeast"], None)),
        ("history", "h-2", "a-2", publication("Yeast cells", &["cell"], Some("No RNA in here"))),
        ("album", "al-1", "a-1", publication("Rnase pictures", &["cell"], None)),
        ("album", "al-2", "a-3", publication("Größe Δ", &["Maß"], Some("rna; seq; yeast"))),
        ("history", "h-3", "a-2", publication("rna", &[], None)),
    ];
    for (kind, id, owner, publication) in entries {
        publish(&world, &item(kind, id), owner, publication).await;
    }
    let audience = CatalogAudience::Internal;
    let inner = Publication { audience, ..publication("Inner RNA", &["rna"], None) };
    publish(&world, &item("history", "in"), "a-4", inner).await;
    world
}

fn ids(page: &CatalogPage) -> Vec<&str> {
    page.rows.iter().map(|row| row.item.id.as_str()).collect()
}

fn asked(words: &str) -> CatalogQuery {
    let sort = Sort { field: SortField::Relevance, descending: false };
    CatalogQuery { words: Some(words.to_owned()), sort, ..CatalogQuery::default() }
}

pub(crate) async fn words_are_beginnings_that_must_all_occur_and_rank_alike(engine: Engine) {
    let world = filled().await;
    let views = world.catch_up(&engine.fresh().await, 100).await;
    let find = |words: &'static str| {
        let views = views.clone();
        async move { views.catalog(&asked(words)).await.unwrap() }
    };
    // Whole words before beginnings, titles before tags before descriptions, newer ones first.
    assert_eq!(ids(&find("rna").await), ["h-3", "h-1", "al-1", "al-2", "h-2"]);
    assert_eq!(ids(&find("RNA yeast").await), ["h-1", "h-2", "al-2"]);
    assert_eq!(ids(&find("rna, SEQ!").await), ["h-1", "al-2"]);
    assert_eq!(ids(&find("größ δ maß").await), ["al-2"]);
    assert_eq!(ids(&find("rna nothing").await), Vec::<&str>::new());
    assert_eq!(ids(&find("!?").await), Vec::<&str>::new());
    assert_eq!(ids(&find("  ").await).len(), 5);

    let it = item("history", "h-1");
    let by = Said::by("a-1");
    let before = publication("RNA-seq of yeast", &["RNA", "yeast"], None);
    let after = publication("Proteins of yeast", &["protein"], None);
    let updated = ItemEvent::PublicationUpdated(PublicationUpdated { before, after });
    world.say(&on(&it), &by, vec![updated.into()]).await;
    let two = item("history", "h-2");
    let (cause, audience) = (WithdrawCause::Unpublished, CatalogAudience::Anyone);
    let gone = ItemEvent::PublicationWithdrawn(PublicationWithdrawn { cause, audience });
    world.say(&on(&two), &by, vec![gone.into()]).await;
    let three = item("history", "h-3");
    let ended = Ended { grants: 0, links: 0, publications: 1 };
    let visibility = Visibility::Public;
    let closed = ItemEvent::Closed(ItemClosed { ended, visibility });
    let closed_at = world.say(&on(&three), &by, vec![closed.into()]).await;
    for batch in [1, 100] {
        let views = world.catch_up(&engine.fresh().await, batch).await;
        let find = async |words| ids(&views.catalog(&asked(words)).await.unwrap()).join(" ");
        assert_eq!(find("rna").await, "al-1 al-2");
        assert_eq!(find("protein").await, "h-1");
        assert_eq!(find("yeast").await, "h-1 al-2");
    }
    let again = ItemReopened { restore: Restore::All, closed_at, restored: ended, visibility };
    world.say(&on(&three), &by, vec![ItemEvent::Reopened(again).into()]).await;
    for batch in [1, 100] {
        let views = world.catch_up(&engine.fresh().await, batch).await;
        assert_eq!(ids(&views.catalog(&asked("rna")).await.unwrap()), ["h-3", "al-1", "al-2"]);
    }
}

pub(crate) async fn filters_facets_and_counts_regard_the_viewer(engine: Engine) {
    let world = filled().await;
    let views = world.catch_up(&engine.fresh().await, 3).await;
    let ask = |change: &dyn Fn(&mut CatalogQuery)| {
        let mut query = CatalogQuery::default();
        query.page.count = true;
        query.facets = true;
        change(&mut query);
        let views = views.clone();
        async move { views.catalog(&query).await.unwrap() }
    };
    let all = ask(&|_| {}).await;
    assert_eq!((all.rows.len(), all.total.unwrap().value), (5, 5));
    let facets = all.facets.unwrap();
    let count = |value: &str, count| FacetCount { value: value.to_owned(), count };
    assert_eq!(facets.kind, [count("history", 3), count("album", 2)]);
    assert_eq!(facets.tag, [count("cell", 2), count("maß", 1), count("rna", 1), count("yeast", 1)]);
    let inner = ask(&|query| query.viewer = Viewer::Account(account("a-9"))).await;
    assert_eq!(inner.total.unwrap().value, 6);
    let tagged = ask(&|query| query.tag = Some("RNA".to_owned())).await;
    assert_eq!(ids(&tagged), ["h-1"]);
    assert_eq!(tagged.rows[0].tags, ["RNA", "yeast"]);
    let kind = KindName::parse("album").unwrap();
    assert_eq!(ids(&ask(&|query| query.kind = Some(kind.clone())).await), ["al-2", "al-1"]);
    assert_eq!(ids(&ask(&|query| query.owner = Some(account("a-2"))).await), ["h-3", "h-2"]);
    let span = ask(&|query| {
        query.published_from = Some(hour(4));
        query.published_to = Some(hour(8));
    })
    .await;
    assert_eq!(ids(&span), ["al-1", "h-2"]);
    let both = ask(&|query| {
        query.words = Some("yeast".to_owned());
        query.owner = Some(account("a-2"));
    })
    .await;
    assert_eq!((ids(&both), both.total.unwrap().value), (vec!["h-2"], 1));
}

async fn paged(views: &Arc<dyn Views>, mut query: CatalogQuery, limit: u32) -> Vec<String> {
    query.page = Page { limit, after: None, count: false };
    let mut found = Vec::new();
    loop {
        let answer = views.catalog(&query).await.unwrap();
        assert!(answer.rows.len() <= limit as usize);
        found.extend(answer.rows.into_iter().map(|row| row.item.to_string()));
        query.page.after = answer.next;
        if query.page.after.is_none() {
            return found;
        }
    }
}

pub(crate) async fn every_order_pages_through_everything_once(engine: Engine) {
    let world = filled().await;
    let views = world.catch_up(&engine.fresh().await, 100).await;
    let fields = [
        (SortField::Relevance, "h-3 h-1 al-1 al-2 h-2"),
        (SortField::Title, "al-2 h-3 h-1 al-1 h-2"),
        (SortField::PublishedAt, "h-1 h-2 al-1 al-2 h-3"),
        (SortField::UpdatedAt, "h-1 h-2 al-1 al-2 h-3"),
        (SortField::Owner, "al-1 h-1 h-2 h-3 al-2"),
    ];
    for (field, expected) in fields {
        for descending in [false, true] {
            let query = CatalogQuery { sort: Sort { field, descending }, ..asked("rna") };
            let whole = paged(&views, query.clone(), 100).await;
            let ids: Vec<_> = whole.iter().map(|item| item.split_once(':').unwrap().1).collect();
            let mut expected: Vec<_> = expected.split(' ').collect();
            if descending {
                expected.reverse();
            }
            assert_eq!(ids, expected, "{field:?} {descending}");
            for limit in [1, 2, 3] {
                assert_eq!(paged(&views, query.clone(), limit).await, whole, "{field:?} {limit}");
            }
        }
    }
}

pub(crate) async fn a_cursor_of_another_question_is_refused(engine: Engine) {
    let world = filled().await;
    let views = world.catch_up(&engine.fresh().await, 100).await;
    let mut query = asked("rna");
    query.page.limit = 2;
    let next = views.catalog(&query).await.unwrap().next;
    query.page.after = next;
    assert!(views.catalog(&query).await.is_ok());
    let mut others = vec![query.clone(); 5];
    others[0].words = Some("yeast".to_owned());
    others[1].sort.descending = true;
    others[2].owner = Some(account("a-1"));
    others[3].viewer = Viewer::Everything;
    others[4].page.after = Some("bm9uc2Vuc2U".to_owned());
    for other in others {
        assert_eq!(views.catalog(&other).await, Err(ViewError::Cursor), "{other:?}");
    }
}
