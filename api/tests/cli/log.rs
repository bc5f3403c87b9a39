//! What the service writes to its log.

use crate::support::Service;

#[tokio::test]
async fn every_request_is_logged_where_that_is_asked_for() {
    for (level, logged) in [("info,http=debug", true), ("info", false)] {
        let service = Service::start(&["--log-level", level]);
        let http = reqwest::Client::new();
        let ask = |path: &str| http.post(format!("{}{path}", service.base)).body("{}").send();
        for path in ["/v1/items/lookup", "/access/v1/evaluation"] {
            assert_eq!(ask(path).await.expect("an answer").status(), 401);
        }
        let written = service.written();
        for path in ["/v1/items/lookup", "/access/v1/evaluation"] {
            let line = written.lines().find(|line| line.contains(path));
            assert_eq!(line.is_some(), logged, "{level} {path}: {written}");
        }
    }
}
