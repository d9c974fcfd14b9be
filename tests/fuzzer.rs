//! The recorded contract against the real server, by a fuzzer that nobody here wrote: schemathesis,
//! all checks, also stateful. `TIERCEL_TEST_SCHEMATHESIS` names its command, `TIERCEL_TEST_FUZZ_SECONDS`
//! how long it runs (60 where it is absent).

use crate::support::{Server, both, data, skipped};
use std::process::Command;

const SCOPES: &str = "customers:read,customers:write,products:read,products:write,facts:read,\
    facts:write,imports:write,models:read,models:write,models:publish,policies:read,\
    policies:write,policies:publish,evaluations:read,evaluations:run,discounts:decide,\
    credit:read,credit:authorize,credit:override,routing:read,costs:read,events:read,audit:read";

both!(
    no_answer_is_outside_of_the_contract,
    async |server: &Server| {
        let Some(tool) = std::env::var_os("TIERCEL_TEST_SCHEMATHESIS") else {
            return skipped("schemathesis: TIERCEL_TEST_SCHEMATHESIS is not set");
        };
        let seconds = std::env::var("TIERCEL_TEST_FUZZ_SECONDS").unwrap_or("60".to_owned());
        let token = server.database.token(SCOPES);
        let out = Command::new(tool)
            .arg("--config-file")
            .arg(data::root().join("openapi/schemathesis.toml"))
            .args(["run", &format!("{}/openapi/v1.json", server.base())])
            .args(["--header", &format!("Authorization: Bearer {token}")])
            .args(["--checks", "all", "--max-examples", "5", "--workers", "2"])
            .args(["--phases", "examples,coverage,fuzzing,stateful"])
            .args(["--max-time", &seconds, "--seed", "7", "--no-color"])
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&out.stdout);
        assert!(text.contains("Test cases:"), "{text}");
        let failed = text.find("= FAILURES =").map(|at| &text[at..]);
        assert!(failed.is_none(), "{}", failed.unwrap_or_default());
    }
);
