//! Signs a delivery: HMAC-SHA256 over id, time and body (Standard Webhooks 1.0.0).

use base64::{Engine as _, prelude::BASE64_STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// The value of `webhook-signature`: one signature a secret, so that receivers can change theirs
/// when it suits them.
pub(super) fn signatures<S: AsRef<[u8]>>(
    secrets: &[S],
    id: &str,
    timestamp: i64,
    body: &[u8],
) -> String {
    let all: Vec<String> =
        secrets.iter().filter_map(|secret| one(secret.as_ref(), id, timestamp, body)).collect();
    all.join(" ")
}

fn one(secret: &[u8], id: &str, timestamp: i64, body: &[u8]) -> Option<String> {
    // HMAC takes keys of any length.
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).ok()?;
    mac.update(format!("{id}.{timestamp}.").as_bytes());
    mac.update(body);
    Some(format!("v1,{}", BASE64_STANDARD.encode(mac.finalize().into_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example that the libraries of Standard Webhooks are tested with.
    #[test]
    fn the_signature_is_the_one_that_other_implementations_make() {
        let secret = BASE64_STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
        let signed = signatures(&[&secret], id, 1_614_265_330, br#"{"test": 2432232314}"#);
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        let both = signatures(&[&secret, &secret], id, 1_614_265_330, b"x");
        assert_eq!(both.split(' ').count(), 2);
    }
}
