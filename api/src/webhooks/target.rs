//! Checks the target of deliveries: not this machine or a private network, unless a setting allows
//! it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use url::{Host, Url};

/// The longest address, in characters.
const MAX_URL_BYTES: usize = 2_000;

/// Reads an address that deliveries may go to; says otherwise what is wrong with it.
pub fn parse(text: &str, private: bool) -> Result<Url, &'static str> {
    if text.len() > MAX_URL_BYTES {
        return Err("has more than 2000 characters");
    }
    let url =
        Url::parse(text).map_err(|_| "an address like https://hooks.example/in is expected")?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("must not hold credentials; deliveries are signed instead");
    }
    if url.fragment().is_some() {
        return Err("must not have a fragment");
    }
    let Some(host) = url.host() else { return Err("has no host") };
    let local = match host {
        Host::Domain(name) => name == "localhost" || name.ends_with(".localhost"),
        Host::Ipv4(ip) => ip.is_loopback(),
        Host::Ipv6(ip) => ip.is_loopback(),
    };
    let outside = match host {
        Host::Domain(_) => !local,
        Host::Ipv4(ip) => is_public(ip.into()),
        Host::Ipv6(ip) => is_public(ip.into()),
    };
    if !private && !outside {
        return Err("leads to this machine or a private network, which the setting \
                    `webhook_private` does not allow");
    }
    match url.scheme() {
        "https" => Ok(url),
        "http" if local => Ok(url),
        _ => Err("must begin with https:// (http:// only to this machine itself)"),
    }
}

/// Is it an address of the public network?
pub(super) fn is_public(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let shared = a == 100 && (64..128).contains(&b);
    let protocol = a == 192 && b == 0 && c == 0;
    let benchmarks = a == 198 && (18..20).contains(&b);
    !(ip.is_private()
        || ip.is_loopback()
        || ip.is_link_local()
        || ip.is_broadcast()
        || ip.is_documentation()
        || ip.is_multicast()
        || a == 0
        || a >= 240
        || shared
        || protocol
        || benchmarks)
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    let [first, second, ..] = ip.segments();
    // Global unicast, without those that stand for an IPv4 address or are set aside.
    let global = first & 0xe000 == 0x2000;
    let set_aside = first == 0x2001 && (second < 0x0200 || second == 0x0db8);
    let carries_v4 = first == 0x2002;
    global && !set_aside && !carries_v4
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_the_public_network_are_let_through() {
        for text in
            ["https://hooks.example/in?x=1", "https://93.184.216.34/", "https://[2606:4700::1]"]
        {
            assert!(parse(text, false).is_ok(), "{text}");
        }
        for text in [
            "http://hooks.example/",
            "https://me:secret@hooks.example/",
            "https://me@x.example/",
            "https://x.example/#part",
            "https://localhost/",
            "https://127.0.0.1/",
            "https://10.1.2.3/",
            "https://192.168.1.1/",
            "https://169.254.169.254/latest",
            "https://[::1]/",
            "https://[::ffff:10.0.0.1]/",
            "https://[fd00::1]/",
            "ftp://x.example",
            "https://0x7f.1/",
            "https://2130706433/",
            "https://100.64.0.1/",
            "nonsense",
            "https://a.localhost/",
            "https://0.0.0.0/",
            "https://[2002:7f00:1::]/",
        ] {
            assert!(parse(text, false).is_err(), "{text}");
        }
    }

    #[test]
    fn a_setting_allows_this_machine_and_private_networks() {
        for text in ["http://127.0.0.1:9/in", "http://localhost/", "https://10.1.2.3/"] {
            assert!(parse(text, true).is_ok(), "{text}");
        }
        for text in ["http://10.1.2.3/", "http://hooks.example/", "https://me:x@10.1.2.3/"] {
            assert!(parse(text, true).is_err(), "{text}");
        }
    }
}
