//! The most that was served in any window: what a reader of "60 a minute" wants to know.

use std::time::Duration;

use super::step::{Became, Sent};

/// The most requests that were served within this long, wherever it begins. A request counts at the middle of its
/// way there and back: what was served in between it does not tell.
#[must_use]
pub fn most_served(sent: &[Sent], window: Duration) -> usize {
    let replies = sent.iter().flat_map(|sent| &sent.replies);
    let served = replies.filter(|reply| reply.became == Became::Served);
    let mut times: Vec<Duration> = served.map(|reply| (reply.sent + reply.answered) / 2).collect();
    times.sort_unstable();
    let (mut from, mut most) = (0, 0);
    for (at, time) in times.iter().enumerate() {
        while *time >= times[from] + window {
            from += 1;
        }
        most = most.max(at + 1 - from);
    }
    most
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limiter::step::{Ask, Reply, What};

    #[test]
    fn the_most_is_looked_for_at_every_place_and_refusals_do_not_count() {
        let at = Duration::from_secs;
        let sent = |seconds: u64, served: usize, refused: usize| {
            let reply = |became| Reply { sent: at(seconds), answered: at(seconds), became };
            let mut replies = vec![reply(Became::Served); served];
            replies.extend(vec![reply(Became::Refused(None)); refused]);
            Sent { ask: Ask { what: What::AtOnce, count: 75, at: at(seconds) }, replies }
        };
        let sent = [sent(0, 60, 15), sent(60, 1, 0), sent(119, 59, 0), sent(121, 60, 15)];
        assert_eq!(most_served(&sent, at(60)), 119);
        assert_eq!(most_served(&sent, at(62)), 120);
        assert_eq!(most_served(&[], at(60)), 0);
    }
}
