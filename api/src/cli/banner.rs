//! The banner that the service prints when it starts.

use crate::{
    demo::DemoWorld,
    health::acknowledgement,
    settings::StoreSettings,
    terminal::{CODE, DIM, HEADING, WARNING, paint},
    wiring,
};
use eventlog::Durability;
use std::{fmt, net::SocketAddr};
use url::Url;

/// The words at the start.
#[derive(Debug)]
pub(super) struct Banner<'a> {
    pub(super) store: &'a StoreSettings,
    pub(super) durability: &'a Durability,
    pub(super) warnings: &'a [String],
    pub(super) first_token: Option<&'a str>,
    pub(super) address: SocketAddr,
    pub(super) public_url: &'a Url,
}

impl fmt::Display for Banner<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (_, database) = wiring::engine_names(self.store);
        let base = format!("http://{}", self.address);
        let row = |f: &mut fmt::Formatter<'_>, name: &str, value: &dyn fmt::Display| {
            writeln!(f, "  {} {value}", paint(DIM, format_args!("{name:<13}")))
        };
        writeln!(f, "{}", paint(HEADING, format_args!("Sharelog {}", env!("CARGO_PKG_VERSION"))))?;
        row(f, "event log", &self.durability.engine)?;
        row(f, "database", &database)?;
        row(f, "acknowledged", &acknowledgement(self.durability))?;
        row(f, "data folder", &self.store.data.display())?;
        if let Some(path) = self.first_token {
            row(f, "first start", &format_args!("wrote the administrator's token to {path}"))?;
        }
        for warning in self.durability.warnings.iter().chain(self.warnings) {
            writeln!(f, "  {} {warning}", paint(WARNING, "warning"))?;
        }
        row(f, "listening on", &paint(CODE, &base))?;
        let public = self.public_url.as_str().trim_end_matches('/');
        if public != base {
            row(f, "known as", &paint(CODE, public))?;
        }
        row(f, "try", &format_args!("{base}/  {base}/docs  {base}/readyz"))
    }
}

/// What there is to try after `--demo`.
pub(super) fn demo(world: &DemoWorld, store: &StoreSettings, address: SocketAddr) -> String {
    let base = format!("http://{address}");
    let token = store.local("admin.token");
    let pages = world
        .pages
        .iter()
        .map(|(what, address)| format!("  {what:<44} {}\n", paint(CODE, address)))
        .collect::<Vec<_>>()
        .concat();
    let lines = world
        .requests
        .iter()
        .map(|path| {
            let curl = format!("curl -s -H \"Authorization: Bearer $TOKEN\" '{base}{path}'");
            format!("  {}\n", paint(CODE, curl))
        })
        .collect::<Vec<_>>()
        .concat();
    format!(
        "{}\n{pages}\n{}\n  {}\n{lines}",
        paint(HEADING, "The demo world is loaded. Open in a browser:"),
        paint(HEADING, "Ask from a shell:"),
        paint(CODE, format_args!("TOKEN=$(cat '{}')", token.display())),
    )
}
