//! Each capability over HTTP, as its users drive it, on both engine pairs.

mod accounts;
mod check;
mod conventions;
mod explain;
mod items;
mod links;
mod model;
mod operations;
mod past;
mod privacy;
mod projections;
mod publication;
mod sharing;
mod visibility;
mod watch;
mod watchers;
mod webhooks;
