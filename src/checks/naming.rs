//! Whether a text names a field: as the body spells it, in another case, or by its title.

/// Whether a text names a field, as a word of its own: `count` is not named by "account", nor `tone`
/// by "sub-tone". `projectId` is also named by `project_id`, "project-id" and "Project ID".
pub(super) fn names(text: &str, field: &str) -> bool {
    if has_word(text, field) {
        return true;
    }
    let wanted = words(field);
    if wanted.is_empty() || !field.chars().all(is_part) {
        return false;
    }
    let identifiers = identifiers(text);
    identifiers.iter().enumerate().any(|(at, (_, first))| {
        // One identifier: how its words are set apart does not matter.
        first.concat() == wanted.concat() || is_title(&identifiers[at..], text, &wanted)
    })
}

/// Whether a text begins with the words of a field, one after the other with a space between.
fn is_title(identifiers: &[(usize, Vec<String>)], text: &str, wanted: &[String]) -> bool {
    let mut words = Vec::new();
    let mut end = None;
    for (at, more) in identifiers {
        if end.is_some_and(|end: usize| text[end..*at] != *" ") {
            return false;
        }
        words.extend_from_slice(more);
        if !wanted.starts_with(&words) {
            return false;
        }
        if words.len() == wanted.len() {
            return true;
        }
        end = Some(at + text[*at..].find(|c| !is_part(c)).unwrap_or(text.len() - at));
    }
    false
}

/// Whether a text has this, to the letter, as a word of its own.
#[must_use]
pub fn has_word(text: &str, word: &str) -> bool {
    let inside = |c: Option<char>| c.is_some_and(is_part);
    text.match_indices(word).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + word.len()..].chars().next();
        !inside(before) && !inside(after)
    })
}

/// Whether a character can be part of an identifier.
fn is_part(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '-'
}

/// The identifiers of a text, each with its place and its words.
fn identifiers(text: &str) -> Vec<(usize, Vec<String>)> {
    let mut found = Vec::new();
    let mut at = 0;
    for part in text.split_inclusive(|c| !is_part(c)) {
        let words = words(part.trim_end_matches(|c| !is_part(c)));
        if !words.is_empty() {
            found.push((at, words));
        }
        at += part.len();
    }
    found
}

/// The words of an identifier in small letters: `projectId`, `project_id` and `PROJECT-ID` have two.
fn words(identifier: &str) -> Vec<String> {
    let mut words = Vec::new();
    for part in identifier.split(['_', '-']) {
        let mut word = String::new();
        let mut before = None;
        for c in part.chars() {
            if c.is_uppercase() && before.is_some_and(|before: char| !before.is_uppercase()) {
                words.push(std::mem::take(&mut word));
            }
            word.extend(c.to_lowercase());
            before = Some(c);
        }
        words.push(word);
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_named_in_any_case_and_by_its_title_but_never_inside_another() {
        let rows = [
            ("`tone` is not one of them", "tone", true),
            ("tone: no", "tone", true),
            ("Tone is required", "tone", true),
            ("TONE", "tone", true),
            ("body.tone", "tone", true),
            ("the overtone is wrong", "tone", false),
            ("sub-tone is wrong", "tone", false),
            ("sub_tone, subTone and SubTone are wrong", "tone", false),
            ("toneLevel is wrong", "tone", false),
            ("your account is wrong", "count", false),
            ("Count", "count", true),
            ("bad input", "tone", false),
            ("projectId is wrong", "projectId", true),
            ("project_id is wrong", "projectId", true),
            ("PROJECT_ID is wrong", "projectId", true),
            ("project-id is wrong", "projectId", true),
            ("projectid is wrong", "projectId", true),
            ("Project id is wrong", "project_id", true),
            ("Project ID is wrong", "projectId", true),
            ("\"Project Id\" is wrong", "project-id", true),
            ("the project: id is wrong", "projectId", false),
            ("the project is wrong", "projectId", false),
            ("subprojectId is wrong", "projectId", false),
            ("sub-project id is wrong", "projectId", false),
            ("project idea is wrong", "projectId", false),
            ("to ne", "tone", false),
            ("items[0].name is wrong", "items[0].name", true),
            ("Größe fehlt", "größe", true),
            ("", "tone", false),
        ];
        for (text, field, named) in rows {
            assert_eq!(names(text, field), named, "{text:?} {field}");
        }
    }
}
