//! `/`: the landing page.

use super::view::{Frame, HtmlPage};
use askama::Template;

#[derive(Template)]
#[template(path = "landing.html")]
struct Landing {
    frame: Frame,
}

pub(super) async fn show() -> HtmlPage {
    HtmlPage::new(&Landing { frame: Frame })
}
