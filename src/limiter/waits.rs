//! Whether the waits that refusals tell are true, as far as the experiment shows it.

use std::time::Duration;

use super::step::{Became, Reply, Sent, What};

/// The waits that refusals told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waits {
    /// The shortest, in seconds.
    pub least: u64,
    /// The longest, in seconds.
    pub most: u64,
    /// How many refusals told none.
    pub untold: usize,
    /// Whether they were true.
    pub truth: Truth,
}

/// Whether the key was served when a refusal said so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Truth {
    /// It was, as far as the times of the requests tell: to so many seconds.
    True(u64),
    /// It was still refused this many seconds after that time.
    TooShort(u64),
    /// It was served this many seconds before.
    TooLong(u64),
    /// Nothing was sent that could tell.
    Untried,
}

/// What may be between the time that is told and the truth: servers round up to whole seconds, some add one,
/// and the response takes its way.
const ROUNDED: Duration = Duration::from_secs(2);

/// The waits that were told. None if no refusal told any.
#[must_use]
pub fn waits(sent: &[Sent]) -> Option<Waits> {
    let replies = || sent.iter().flat_map(|sent| &sent.replies);
    let told = || replies().filter_map(told);
    let (least, most) = (told().min()?, told().max()?);
    let untold = replies().filter(|reply| reply.became == Became::Refused(None)).count();
    Some(Waits { least, most, untold, truth: truth(sent) })
}

fn told(reply: &Reply) -> Option<u64> {
    match reply.became {
        Became::Refused(told) => told,
        Became::Served | Became::Other(_) => None,
    }
}

/// Looks at the last burst that single requests followed, from its last refusal to the first request that is
/// served: nobody took what it waits for.
fn truth(sent: &[Sent]) -> Truth {
    let is_single =
        |sent: &&Sent| matches!(sent.ask.what, What::Soon | What::SoonAgain | What::Each);
    let Some(at) = sent.iter().rposition(|sent| sent.ask.what == What::AtOnce) else {
        return Truth::Untried;
    };
    let refusal = sent[at].replies.iter().rfind(|reply| told(reply).is_some());
    let Some((refusal, told)) = refusal.and_then(|reply| Some((reply, told(reply)?))) else {
        return Truth::Untried;
    };
    let promised = refusal.answered + Duration::from_secs(told);
    let singles = || sent[at + 1..].iter().take_while(is_single);
    let refused = singles().take_while(|single| !single.is_served()).last().map(Sent::begin);
    if let Some(refused) = refused.filter(|refused| *refused > promised + ROUNDED) {
        return Truth::TooShort(refused.saturating_sub(promised).as_secs());
    }
    let Some(back) = singles().find(|single| single.is_served()) else {
        return Truth::Untried;
    };
    if promised > back.end() + ROUNDED {
        return Truth::TooLong(promised.saturating_sub(back.end()).as_secs());
    }
    let since = back.begin().saturating_sub(refused.unwrap_or(sent[at].end()));
    Truth::True(since.as_secs().max(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limiter::step::Ask;

    #[test]
    fn a_wait_is_true_if_the_key_is_served_then_and_not_sooner() {
        let at = Duration::from_secs;
        let one = |what, seconds: u64, became| Sent {
            ask: Ask { what, count: 1, at: at(seconds) },
            replies: vec![Reply { sent: at(seconds), answered: at(seconds), became }],
        };
        let refused = |what, seconds| one(what, seconds, Became::Refused(None));
        let served = |seconds| one(What::Each, seconds, Became::Served);
        // What the burst was told, when the key was refused and served after that.
        let rows = [
            (Some(60), 55, Some(60), Truth::True(5)),
            (Some(61), 55, Some(60), Truth::True(5)),
            (Some(56), 55, Some(60), Truth::True(5)),
            (Some(30), 55, Some(60), Truth::TooShort(25)),
            (Some(30), 90, None, Truth::TooShort(60)),
            (Some(300), 55, Some(60), Truth::TooLong(240)),
            (Some(90), 55, None, Truth::Untried),
            (None, 55, Some(60), Truth::Untried),
        ];
        for (told, last, back, expected) in rows {
            let mut sent = vec![
                one(What::AtOnce, 0, Became::Refused(told)),
                refused(What::Soon, 3),
                refused(What::Each, last),
            ];
            sent.extend(back.map(served));
            assert_eq!(truth(&sent), expected, "{told:?} {last} {back:?}");
            assert_eq!(
                waits(&sent).map(|waits| (waits.least, waits.untold)),
                told.map(|told| (told, 2))
            );
        }
    }
}
