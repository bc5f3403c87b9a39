//! A setting that may hold a password, and prints without it.

use serde::Deserialize;
use std::{convert::Infallible, fmt, str::FromStr};
use url::Url;

/// An engine's address, perhaps with a password. `Debug` and `Display` leave the secret parts out.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Protected(String);

impl Protected {
    /// The whole text; for the one who connects.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Does it hold a password or token?
    pub fn has_secret(&self) -> bool {
        self.0.split(',').any(|part| secret_of(part) || unreadable_with_sign_in(part))
    }
}

/// Does an address carry a secret? A user name alone is one for NATS only, where it is a token.
fn secret_of(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| {
        url.password().is_some()
            || (!is_postgres(&url) && !url.username().is_empty())
            || url.query_pairs().any(|(name, _)| name.eq_ignore_ascii_case("password"))
    })
}

fn is_postgres(url: &Url) -> bool {
    matches!(url.scheme(), "postgres" | "postgresql")
}

fn unreadable_with_sign_in(text: &str) -> bool {
    Url::parse(text).is_err() && (text.contains('@') || text.to_lowercase().contains("password"))
}

fn without_secret(text: &str) -> String {
    if unreadable_with_sign_in(text) {
        return "(unreadable address)".to_owned();
    }
    let Ok(mut url) = Url::parse(text) else { return text.to_owned() };
    let mut hidden = true;
    if url.password().is_some() {
        hidden &= url.set_password(Some("***")).is_ok();
    } else if !is_postgres(&url) && !url.username().is_empty() {
        hidden &= url.set_username("***").is_ok();
    }
    if url.query().is_some() {
        let kept: Vec<(String, String)> = url
            .query_pairs()
            .filter(|(name, _)| !name.eq_ignore_ascii_case("password"))
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect();
        url.set_query(None);
        if !kept.is_empty() {
            url.query_pairs_mut().extend_pairs(kept);
        }
    }
    if hidden { url.to_string() } else { format!("{}://***", url.scheme()) }
}

impl fmt::Display for Protected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<String> = self.0.split(',').map(without_secret).collect();
        f.write_str(&parts.join(","))
    }
}

impl fmt::Debug for Protected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.to_string())
    }
}

impl FromStr for Protected {
    type Err = Infallible;
    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn protected(text: &str) -> Protected {
        Protected(text.to_owned())
    }

    #[test]
    fn a_password_is_seen_and_never_printed() {
        for text in [
            "postgres://me:hunter2@db/x",
            "postgres://db/x?password=hunter2&sslmode=require",
            "nats://hunter2@broker:4222",
            "nats://a:4222,nats://me:hunter2@b:4222",
            "postgres:// me:hunter2@bad host/x",
            "host=db password=hunter2",
        ] {
            let setting = protected(text);
            assert!(setting.has_secret(), "{text}");
            assert!(!setting.to_string().contains("hunter2"), "{setting}");
            assert!(!format!("{setting:?}").contains("hunter2"), "{setting:?}");
        }
    }

    #[test]
    fn an_address_without_a_password_is_printed_as_it_is() {
        for text in ["sqlite", "nats://broker:4222", "postgres://me@db/x?sslmode=require"] {
            assert!(!protected(text).has_secret(), "{text}");
            assert_eq!(protected(text).to_string(), text);
        }
    }
}
