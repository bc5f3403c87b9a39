//! The pages look as they did: each as a browser gets it, without what differs each time.

use crate::support::Service;
use reqwest::{Client, Response, header::HeaderMap};

/// A page without its style sheet, and without what differs each time.
async fn shown(response: Response, service: &Service) -> String {
    let status = response.status();
    let headers = interesting(response.headers());
    let html = response.text().await.expect("a page");
    let (before, rest) = html.split_once("<style>").expect("a style sheet");
    let (_, after) = rest.split_once("</style>").expect("its end");
    let page = format!("{status}\n{headers}\n{before}<style>…</style>{after}");
    let lines = page.lines().map(|line| without_dates(&line.replace(&service.base, "BASE")));
    lines.collect::<Vec<_>>().join("\n")
}

fn interesting(headers: &HeaderMap) -> String {
    let names = ["cache-control", "referrer-policy", "content-security-policy", "x-frame-options"];
    let line = |name: &&str| {
        let value = headers.get(*name).expect(name).to_str().expect("text").to_owned();
        let value = match value.split_once("'sha256-") {
            Some((before, rest)) => {
                let (_, after) = rest.split_once('\'').expect("its end");
                format!("{before}'sha256-…'{after}")
            }
            None => value,
        };
        format!("{name}: {value}\n")
    };
    names.iter().map(line).collect()
}

fn without_dates(line: &str) -> String {
    let month = |word: &str| {
        [
            "January",
            "February",
            "March",
            "April",
            "May",
            "June",
            "July",
            "August",
            "September",
            "October",
            "November",
            "December",
        ]
        .contains(&word)
    };
    if line.split([' ', '<', '>', ',']).any(month) || line.contains(" UTC<") {
        let end = line.rfind("</").unwrap_or(line.len());
        let start = line.get(..end).and_then(|text| text.rfind(['>', ','])).unwrap_or(0);
        return format!("{} WHEN{}", &line[..=start], &line[end..]);
    }
    line.to_owned()
}

fn browser() -> Client {
    Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client")
}

#[tokio::test]
async fn every_page_looks_as_it_did() {
    let mut service = Service::start(&["--demo"]);
    service.wait_for_line("audit/events");
    let open = service.wait_for_line("A link that anyone");
    let locked = service.wait_for_line("A link with the password");
    let base = service.base.clone();
    let http = browser();
    let get = |address: String| http.get(address).send();
    let post = |address: &str, body: &'static str| http.post(address).body(body).send();
    let pages = [
        ("landing", get(format!("{base}/")).await),
        ("catalog", get(format!("{base}/catalog")).await),
        ("catalog-search", get(format!("{base}/catalog?q=rna&kind=history")).await),
        ("catalog-nothing", get(format!("{base}/catalog?q=nothingatall")).await),
        ("catalog-wrong-cursor", get(format!("{base}/catalog?cursor=x")).await),
        ("item", get(format!("{base}/i/history/rna-seq-4")).await),
        ("item-not-public", get(format!("{base}/i/workflow/variant-calling")).await),
        ("item-unknown", get(format!("{base}/i/history/nobody")).await),
        ("link", get(open.clone()).await),
        ("link-opened", post(&open, "").await),
        ("link-locked", get(locked.clone()).await),
        ("link-wrong-password", post(&locked, "password=wrong").await),
        ("link-unlocked", post(&locked, "password=open+sesame").await),
        ("link-unknown", get(format!("{base}/l/AQEAAAAB")).await),
    ];
    for (name, page) in pages {
        insta::assert_snapshot!(name, shown(page.expect("an answer"), &service).await);
    }
}

#[tokio::test]
async fn what_is_not_shown_and_what_is_not_there_look_alike() {
    let mut service = Service::start(&["--demo"]);
    service.wait_for_line("audit/events");
    let http = browser();
    let mut pages = Vec::new();
    for path in ["/i/workflow/variant-calling", "/i/history/nobody", "/i/no_kind/x", "/i/NO/%2F"] {
        let page = http.get(format!("{}{path}", service.base)).send().await.expect("an answer");
        pages.push((page.status(), page.text().await.expect("a page")));
    }
    pages.dedup();
    assert_eq!(pages.len(), 1);
}

#[tokio::test]
async fn looking_at_a_link_consumes_no_use_and_another_site_cannot() {
    let mut service = Service::start(&["--demo"]);
    let link = service.wait_for_line("A link that opens 50 times");
    let http = browser();
    for _ in 0..3 {
        assert_eq!(http.get(&link).send().await.expect("an answer").status(), 200);
    }
    let forged = http.post(&link).header("Sec-Fetch-Site", "cross-site");
    assert_eq!(forged.send().await.expect("an answer").status(), 403);
    assert_eq!(uses(&service, &http).await, 0);
    assert_eq!(http.post(&link).send().await.expect("an answer").status(), 200);
    assert_eq!(uses(&service, &http).await, 1);
}

async fn uses(service: &Service, http: &Client) -> u64 {
    let token = std::fs::read_to_string(service.data("admin.token")).expect("the token");
    let asked = http.get(format!("{}/v1/items/album/iceland/links", service.base));
    let answer = asked.bearer_auth(token.trim()).send().await.expect("an answer");
    let text = answer.text().await.expect("a body");
    let body: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    body["data"][0]["visits"]["used"].as_u64().unwrap_or_else(|| panic!("no count in {body}"))
}

#[tokio::test]
async fn a_link_leads_to_the_application_with_a_code() {
    let kinds = "[history]\nurl = \"https://app.example/{kind}/{id}\"\n";
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("kinds.toml");
    std::fs::write(&file, kinds).expect("a file");
    let mut service = Service::start(&["--demo", "--kinds", file.to_str().expect("a path")]);
    let link = service.wait_for_line("A link that anyone");
    let http = browser();
    let page = http.get(&link).send().await.expect("a page");
    let policy = page.headers()["content-security-policy"].to_str().expect("text");
    assert!(policy.contains("form-action 'self' https://app.example;"), "{policy}");
    let answer = http.post(&link).send().await.expect("an answer");
    assert_eq!(answer.status(), 303);
    let target = answer.headers()["location"].to_str().expect("an address");
    assert!(
        target.starts_with("https://app.example/history/rna%2Dseq%2D4?sharelog_code="),
        "{target}"
    );
    assert_eq!(answer.headers()["referrer-policy"], "no-referrer");
    assert_eq!(answer.headers()["cache-control"], "no-store");
}
