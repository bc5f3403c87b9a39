//! `/`: the landing page.

use super::view::{Frame, Page};
use askama::Template;

#[derive(Template)]
#[template(path = "landing.html")]
struct Landing {
    frame: Frame,
}

pub(super) async fn show() -> Page {
    Page::new(&Landing { frame: Frame })
}
