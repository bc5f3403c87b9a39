//! The addresses of items and links.

use domain::id::ItemRef;
use url::Url;

/// Below the address that people reach the service under.
fn below(public_url: &Url, segments: &[&str]) -> String {
    let mut address = public_url.clone();
    if let Ok(mut path) = address.path_segments_mut() {
        path.pop_if_empty().extend(segments);
    }
    address.into()
}

/// The address of an item's page.
pub fn item_address(public_url: &Url, item: &ItemRef) -> String {
    below(public_url, &["i", item.kind.as_str(), item.id.as_str()])
}

/// The address that opens a link.
pub(super) fn link_address(public_url: &Url, token: &str) -> String {
    below(public_url, &["l", token])
}
