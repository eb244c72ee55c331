//! Whether what a refusal said of the wait may have been true, although the key was refused again after
//! it.

use std::time::Duration;

use crate::exchange::outgoing::Exchange;

/// What `Retry-After` may be more than the wait that is left: a server rounds up, and may add one.
const ROUNDED: u64 = 2;

/// Whether one of these served requests may have taken what the refused one was told to wait for. Requests
/// of one burst arrive in any order: a bucket that has the next token in two seconds says so, and gives
/// it to a request that arrives after them.
pub(super) fn may_be_overtaken<'a>(
    refused: &Exchange,
    told: u64,
    mut served: impl Iterator<Item = &'a Exchange>,
) -> bool {
    let due = refused.sent + Duration::from_secs(told.saturating_sub(ROUNDED));
    served.any(|served| served.answered > due)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::exchange::{
        message::{Answer, Ending, Request},
        outgoing::Role,
    };

    fn exchange(sent: u64, answered: u64) -> Exchange {
        let (method, path) = ("GET".into(), "/".into());
        let request =
            Request { method, path, headers: Vec::new(), body: Vec::new(), signing: None };
        let (headers, body, ending) = (Vec::new(), Vec::new(), Ending::Complete);
        Exchange {
            written: None,
            request: Arc::new(request),
            key: None,
            answer: Answer { status: 200, headers, body, ending },
            sent: Duration::from_millis(sent),
            answered: Duration::from_millis(answered),
            date: Duration::ZERO,
            role: Role::Own,
        }
    }

    #[test]
    fn only_a_request_that_was_served_when_the_wait_may_have_been_over_can_have_overtaken() {
        // When the refused one was sent, what it was told, when a served one was answered.
        let rows = [
            (1_000, 2, 1_001, true),
            (1_000, 2, 1_000, false),
            (1_000, 1, 1_001, true),
            (1_000, 4, 3_001, true),
            (1_000, 4, 3_000, false),
            (0, 60, 4_000, false),
        ];
        for (sent, told, answered, expected) in rows {
            let (refused, served) = (exchange(sent, sent + 9_000), exchange(0, answered));
            let others = [exchange(0, 0), served];
            let found = may_be_overtaken(&refused, told, others.iter());
            assert_eq!(found, expected, "{sent} {told} {answered}");
        }
        assert!(!may_be_overtaken(&exchange(0, 9_000), 1, [].iter()));
    }
}
