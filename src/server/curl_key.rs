//! A spoilt key as a shell makes it from the variable of the good one.

use super::{
    shared::Run,
    shell::{Piece, in_quotes, quoted_text, within},
};
use crate::{
    contract::{
        key::KeyDefect,
        neighbour::{Change, Neighbour},
    },
    shown::secret::Secret,
    targets::target::SlotKey,
};

/// How a shell makes a spoilt key from the slot's variable, with nothing but what POSIX has.
pub(super) fn made(run: &Run, slot: &SlotKey, defect: &KeyDefect) -> Vec<Piece> {
    let shape = &run.contract.key;
    let env = &slot.env;
    let literal = |text: &str| Piece::Literal(text.to_owned());
    let shell = |text: String| Piece::Shell(text);
    let shortened = || shell(format!("${{{env}%?}}"));
    let key = slot.key.as_ref().map(Secret::expose);
    match defect {
        KeyDefect::Absent | KeyDefect::Empty => Vec::new(),
        KeyDefect::Part(_) => vec![shell(format!("${env}"))],
        KeyDefect::Bare => vec![literal(&shape.prefix)],
        // In two parts, or it would be taken for a key that somebody has.
        KeyDefect::Fresh => {
            let example = shape.example_like(key);
            let tail = example.strip_prefix(&shape.prefix).unwrap_or(&example);
            // It stands within double quotes.
            let word = |text: &str| {
                if text.contains(['\'', '!']) {
                    within(&[literal(text)])
                } else {
                    quoted_text(text)
                }
            };
            let (prefix, tail) = (word(&shape.prefix), word(tail));
            vec![shell(format!("$(printf %s%s {prefix} {tail})"))]
        }
        KeyDefect::Shortened => vec![shortened()],
        KeyDefect::Lengthened => {
            vec![shell(format!("${env}")), shell(format!("${{{env}#\"${{{env}%?}}\"}}"))]
        }
        KeyDefect::Prefix(text) => {
            vec![literal(text), shell(format!("${{{env}#\"{}\"}}", in_quotes(&shape.prefix)))]
        }
        KeyDefect::Quoted(text) => vec![literal(text), shell(format!("${env}")), literal(text)],
        KeyDefect::Inserted(text) => {
            let middle = shape.middle(key.unwrap_or_default());
            let head = format!("$(printf %.{middle}s \"${env}\")");
            let tail = format!("${{{env}#\"{head}\"}}");
            vec![shell(head), literal(text), shell(tail)]
        }
        KeyDefect::Ending(text) => vec![shortened(), literal(text)],
        KeyDefect::Appended(text) => vec![shell(format!("${env}")), literal(text)],
        KeyDefect::Long(length) => {
            let zeros = length.saturating_sub(key.unwrap_or_default().chars().count());
            // A number with so many digits; of none there is still one.
            let zeros = (zeros > 0).then(|| shell(format!("$(printf %0{zeros}d 0)")));
            [shell(format!("${env}"))].into_iter().chain(zeros).collect()
        }
        KeyDefect::Neighbour(Neighbour::Reversed) => {
            let begin =
                key.filter(|key| key.starts_with(&shape.prefix)).map_or(0, |_| shape.prefix.len());
            let cut = format!("printf %s \"${env}\" | cut -c{}-", begin + 1);
            // POSIX has no `rev`.
            let turned = "awk '{ for (i = length; i; i--) printf \"%s\", substr($0, i, 1) }'";
            vec![literal(&shape.prefix[..begin]), shell(format!("$({cut} | {turned})"))]
        }
        KeyDefect::Neighbour(neighbour) => {
            let Some(change) = neighbour.change(&shape.prefix, key.unwrap_or_default()) else {
                return Vec::new();
            };
            let Change { range, from, to } = change;
            let cut = |from: usize, to: String| format!("printf %s \"${env}\" | cut -c{from}-{to}");
            let before = (range.start > 0).then(|| cut(1, range.start.to_string()));
            let changed =
                format!("{} | tr {from} {to}", cut(range.start + 1, range.end.to_string()));
            let after = (range.end < key.unwrap_or_default().len())
                .then(|| cut(range.end + 1, String::new()));
            let parts = before.into_iter().chain([changed]).chain(after);
            parts.map(|part| shell(format!("$({part})"))).collect()
        }
    }
}
