//! The shared part of the suites: real servers, the real binary, a client, and the raw log.

pub mod client;
pub mod dataset;
pub mod load;
pub mod model;
pub mod postgres;
pub mod process;
pub mod raw;
pub mod reading;
pub mod rebuilds;
pub mod receiver;
pub mod service;
pub mod sse;
pub mod streaming;
pub mod wait;
pub mod wire;
pub mod world;

pub use client::{Answer, Client};
pub use service::Service;
pub use world::{Pair, World};

/// Re-exported, so that a suite names one crate.
pub use serde_json::{Value, json};

/// Runs stories on both engine pairs: `story` becomes `embedded::story` and `production::story`.
///
/// A story is `async fn story(world: World)`.
#[macro_export]
macro_rules! on_both_pairs {
    ($($story:ident),+ $(,)?) => {
        mod embedded {
            $(#[tokio::test]
            async fn $story() {
                super::$story($crate::World::start($crate::Pair::Embedded).await).await;
            })+
        }
        mod production {
            $(#[tokio::test]
            async fn $story() {
                super::$story($crate::World::start($crate::Pair::Production).await).await;
            })+
        }
    };
}
