//! Values that are others each time that a request is sent.

use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicUsize, Ordering},
};

use crate::support::errproof;

use super::small::{KEY, Sent, Server, Small, error, success};

#[test]
fn every_request_of_a_burst_and_every_repeated_one_has_a_value_of_its_own() {
    let tables = "[slots.other]\nenv = \"SMALL_OTHER\"\npurpose = \"another key\"\n[limit]\nrequests = 3\nwindow-seconds = 1\n[requests.say]\nmethod = \"POST\"\npath = \"/say\"\nheaders = { Idempotency-Key = \"{fresh}\" }\nbody = { id = \"{fresh}\" }\n";
    let small = Small::new(&["again", "slow_down"], "", tables);
    small.scenario(
        429,
        "slow_down",
        "say",
        "[[cases]]\nid = \"burst\"\nburst = { requests = 5, other = \"other\" }\n",
    );
    small.scenario(400, "again", "say", "[[cases]]\nid = \"three\"\nkey = \"empty\"\ntimes = 3\n");
    let server = Server::start(|sent| match sent.header("authorization") {
        Some("Bearer") => error(400, "again"),
        _ => success(200),
    });
    let reports = ["--contract", small.folder(), "--target-url", &server.url];
    errproof(&reports, &[KEY[0], ("SMALL_OTHER", "small_0th3r0th3r0th3r0")]);
    let sent = server.take();
    let said: Vec<&Sent> = sent.iter().filter(|sent| sent.path == "/say").collect();
    let values: BTreeSet<_> = said.iter().map(|sent| sent.header("idempotency-key")).collect();
    assert!(said.len() >= 8 && values.len() == said.len(), "{} of {}", values.len(), said.len());
    let is_same = |sent: &&Sent| {
        sent.text()
            == format!("{{\"id\":\"{}\"}}", sent.header("idempotency-key").unwrap_or_default())
    };
    assert!(said.iter().all(is_same), "{said:?}");
}

#[test]
fn a_message_that_tells_a_value_of_the_run_is_the_same_in_the_next_one_and_a_text_may_have_one() {
    let tables = "[requests.make]\nmethod = \"POST\"\npath = \"/things\"\nstatus = 201\n[requests.thing]\nmethod = \"PUT\"\npath = \"/things/{thing}/k-{fresh}\"\ntext = \"a\"\nmedia-type = \"text/plain\"\nfirst = [{ request = \"make\", capture = { thing = \"/id\" } }]\n";
    let small = Small::new(&["taken"], "", tables);
    let case = "[[cases]]\nid = \"taken\"\nbody = { text = \"t={fresh}\" }\ntwin = {}\n";
    small.scenario(409, "taken", "thing", case);
    let made = AtomicUsize::new(0);
    let server = Server::start(move |sent| match (sent.path.as_str(), sent.text().as_str()) {
        ("/things", _) => {
            let id = format!("thing-{:x}", 0xabcd_ef01 + 7 * made.fetch_add(1, Ordering::SeqCst));
            (201, vec![], format!("{{\"id\":\"{id}\"}}"))
        }
        ("/ping", _) | (_, "a") => success(200),
        (path, text) => {
            let message = format!("{path} has {text} already");
            (409, vec![], format!("{{\"code\":\"taken\",\"message\":\"{message}\"}}"))
        }
    });
    let flags = ["--contract", small.folder(), "--target-url", &server.url];
    for recording in ["always", "no", "no"] {
        let ended = errproof(&flags, &[KEY[0], ("INSTA_UPDATE", recording)]);
        assert_eq!(ended.code, 0, "{ended:?}");
    }
    let sent = server.take();
    let texts = sent.iter().map(Sent::text).filter(|text| text.starts_with("t="));
    let texts: BTreeSet<String> = texts.collect();
    assert!(texts.len() == 3 && texts.iter().all(|text| text.len() == 34), "{texts:?}");
}
