//! `/docs` needs nothing from elsewhere: all it loads comes from this server.

use crate::support::{Api, Server, both};

/// What a page loads: the values of `src` and `href`.
fn loaded(html: &str) -> Vec<String> {
    let mut found = Vec::new();
    for name in ["src=\"", "href=\""] {
        let rest = html.split(name).skip(1);
        found.extend(rest.map(|rest| rest.split('"').next().unwrap().to_owned()));
    }
    found
}

/// Addresses in a stylesheet that are neither part of it nor on this server.
fn elsewhere(css: &str) -> Vec<String> {
    let urls = css.split("url(").skip(1);
    let urls = urls.map(|rest| rest.trim_start_matches(['"', '\'']));
    let outside = urls.filter(|url| url.starts_with("http") || url.starts_with("//"));
    outside.map(|url| url.chars().take(60).collect()).collect()
}

async fn page(api: &Api) -> String {
    let short = api.get("/docs").await.expect(200);
    let page = api.get("/docs/").await.expect(200);
    assert_eq!(short.text, page.text, "the short address leads there");
    assert!(page.header("content-type").starts_with("text/html"));
    page.text
}

both!(
    the_documentation_is_served_whole,
    async |server: &Server| {
        let api = server.without_token();
        let html = page(&api).await;
        let parts = loaded(&html);
        assert!(parts.len() >= 4, "{html}");
        for part in &parts {
            assert!(!part.contains("//"), "{part} comes from elsewhere");
            let path = format!("/docs/{}", part.trim_start_matches("./"));
            let answer = api.get(&path).await;
            assert_eq!(answer.status, 200, "{path}");
            assert!(!answer.text.is_empty(), "{path}");
            if part.ends_with(".css") {
                assert_eq!(elsewhere(&answer.text), [""; 0], "{path}");
            }
        }
        let start = api.get("/docs/swagger-initializer.js").await.expect(200);
        assert!(start.text.contains("/openapi/v1.json"), "{}", start.text);
        assert!(!start.text.contains("https://"), "{}", start.text);
        let contract = api.get("/openapi/v1.json").await.expect(200);
        assert!(contract.json["paths"].is_object());
    }
);
