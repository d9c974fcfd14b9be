//! FreeSWITCH: the form that `mod_xml_curl` posts, and the documents it reads.

use super::{Centre, VIP, VIP_LINE, between, body, escaped, shipped};
use crate::support::{Server, both};
use reqwest::Method;

/// What the binding sends for a call: some forty fields, of which these are typical.
async fn ask(centre: &Centre, context: &str, caller: &str, called: &str) -> String {
    let binding = shipped("freeswitch/xml_curl.conf.xml");
    let url = between(&binding, "gateway-url\" value=\"", "\"");
    let url = url.replace("http://127.0.0.1:8080", &centre.base);
    assert!(
        binding.contains("name=\"gateway-credentials\"") && binding.contains("value=\"basic\"")
    );
    let form = [
        ("hostname", "pbx1"),
        ("section", "dialplan"),
        ("tag_name", ""),
        ("key_name", ""),
        ("key_value", ""),
        ("Event-Name", "REQUEST_PARAMS"),
        ("Core-UUID", "b9f1e2d0-0000-4000-8000-000000000000"),
        ("FreeSWITCH-Hostname", "pbx1"),
        ("Channel-State", "CS_ROUTING"),
        ("Call-Direction", "inbound"),
        ("Caller-Direction", "inbound"),
        ("Caller-Context", context),
        ("Caller-Caller-ID-Name", "A & B"),
        ("Caller-Caller-ID-Number", caller),
        ("Caller-Destination-Number", called),
        ("Hunt-Context", context),
        ("Hunt-Caller-ID-Number", caller),
        ("Hunt-Destination-Number", called),
        ("variable_sip_to_uri", "4000@pbx1"),
        ("variable_sip_to_uri", "4000@pbx1"),
    ];
    let pairs = form
        .iter()
        .map(|(name, value)| format!("{name}={}", escaped(value)));
    let request = centre
        .post(&url)
        .basic_auth(&centre.id, Some(&centre.secret))
        .header("user-agent", "freeswitch-xml/1.0")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(pairs.collect::<Vec<_>>().join("&"));
    let (media, text) = body(request).await;
    assert!(media.starts_with("text/xml"), "{media}");
    assert!(
        text.contains("<document type=\"freeswitch/xml\">"),
        "{text}"
    );
    text
}

/// The actions of the extension, in order; none where there is no dialplan.
fn actions(document: &str) -> Vec<(String, String)> {
    if document.contains("<result status=\"not found\"/>") {
        assert!(document.contains("<section name=\"result\">"));
        return Vec::new();
    }
    assert!(
        document.contains("<section name=\"dialplan\">"),
        "{document}"
    );
    let actions = document.split("<action ").skip(1);
    let told = actions.map(|it| {
        let it = it.split("/>").next().unwrap();
        (
            between(it, "application=\"", "\"").to_owned(),
            between(it, "data=\"", "\"").to_owned(),
        )
    });
    told.collect()
}

both!(
    a_binding_gets_a_dialplan_or_not_found,
    async |server: &Server| {
        let centre = Centre::open(server).await;
        let vip = ask(&centre, "public", VIP, VIP_LINE).await;
        assert!(vip.contains("<context name=\"public\">"));
        let told = actions(&vip);
        let has = |application: &str, data: &str| {
            told.contains(&(application.to_owned(), data.to_owned()))
        };
        assert!(has("set", "cc_base_score=600"), "{told:?}");
        assert!(has("set", "tiercel_preferred_agent=agent42"), "{told:?}");
        assert_eq!(told.last().unwrap().1, "vip XML tiercel");

        // The transfer asks again: the dialplan on disk has that context, and knows how to queue.
        assert!(actions(&ask(&centre, "tiercel", VIP, "vip").await).is_empty());
        let disk = shipped("freeswitch/tiercel.xml");
        assert!(disk.contains("<context name=\"tiercel\">") && disk.contains("callcenter"));

        for caller in ["+4930111111", "anonymous", "Bob", ""] {
            assert!(
                actions(&ask(&centre, "public", caller, "4000").await).is_empty(),
                "{caller}"
            );
        }
        let stranger = actions(&ask(&centre, "public", "+4930111111", VIP_LINE).await);
        assert_eq!(stranger.last().unwrap().1, "standard XML tiercel");
    }
);

both!(nothing_in_a_dialplan_can_be_run, async |server: &Server| {
    let centre = Centre::open(server).await;
    let admin = server.admin();
    let path = format!("/v1/customers/{}", centre.customer);
    let tag = admin.get(&path).await.expect(200).header("etag").to_owned();
    let evil = serde_json::json!({"owner": "${system(id)}\"/><x"});
    admin.patch(&path, &tag, evil).await.expect(200);
    let document = ask(&centre, "public", VIP, "4000").await;
    assert!(
        !document.contains('$') && !document.contains("<x"),
        "{document}"
    );
    // What is no form is a call of nobody.
    let api = server.with("routing:read");
    let answer = api
        .raw(
            Method::POST,
            "/v1/routing/lookup/freeswitch",
            "{\"a\": 1}",
            &[],
        )
        .await;
    assert!(answer.expect(200).text.contains("not found"));
});
