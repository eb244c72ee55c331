//! Text that may be shown.

use std::{borrow::Cow, fmt, sync::Arc};

use serde::{Serialize, Serializer};

/// A text without secrets and control codes, of a length that is worth showing. Only a
/// [`super::redactor::Redactor`] makes one of text that came from outside; our own words are one as they
/// are, and [`crate::shown!`] joins both.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Shown(Arc<str>);

impl Shown {
    pub(super) fn made(text: Cow<'_, str>) -> Self {
        Self(text.into())
    }

    /// A text of our own that shows keys on purpose: those of the bundled mock, which open nothing else.
    #[must_use]
    pub fn with_keys_of_the_mock(text: &str) -> Self {
        Self(text.into())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Several with something of our own between each two.
    #[must_use]
    pub fn joined<'a>(texts: impl IntoIterator<Item = &'a Self>, between: &'static str) -> Self {
        let texts: Vec<&str> = texts.into_iter().map(Self::as_str).collect();
        Self(texts.join(between).into())
    }

    /// The text written for another reader: with what has a meaning to Markdown escaped, say.
    #[must_use]
    pub fn escaped(&self, escape: fn(&str) -> String) -> Self {
        Self(escape(&self.0).into())
    }

    #[doc(hidden)]
    #[must_use]
    pub fn of_pieces(pieces: &[&dyn MayBeShown]) -> Self {
        let pieces: Vec<Cow<'_, str>> = pieces.iter().map(|piece| piece.shown()).collect();
        Self(pieces.concat().into())
    }
}

/// Joins what may be shown into one text: other [`Shown`], numbers, words of our own.
///
/// ```
/// use errproof::{internals::shown::text::Shown, shown};
///
/// let status: Shown = shown!["status ", 429u16];
/// assert_eq!(shown!["the server said ", status].as_str(), "the server said status 429");
/// ```
///
/// A text that came from outside does not fit in, and that is the point of it:
///
/// ```compile_fail,E0277
/// let from_a_server = String::from("pms_live_...");
/// errproof::shown!["the server said ", from_a_server];
/// ```
#[doc(hidden)]
#[macro_export]
macro_rules! shown {
    ($($piece:expr),* $(,)?) => {
        $crate::internals::shown::text::Shown::of_pieces(
            &[$(&$piece as &dyn $crate::internals::shown::text::MayBeShown),*],
        )
    };
}

/// What may be shown as it is.
pub trait MayBeShown {
    /// The text to show.
    fn shown(&self) -> Cow<'_, str>;
}

impl MayBeShown for Shown {
    fn shown(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.0)
    }
}

impl MayBeShown for &Shown {
    fn shown(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.0)
    }
}

impl MayBeShown for Option<Shown> {
    fn shown(&self) -> Cow<'_, str> {
        Cow::Borrowed(self.as_ref().map_or("", Shown::as_str))
    }
}

impl MayBeShown for &'static str {
    fn shown(&self) -> Cow<'_, str> {
        Cow::Borrowed(self)
    }
}

macro_rules! numbers {
    ($($number:ty)*) => {$(
        impl MayBeShown for $number {
            fn shown(&self) -> Cow<'_, str> {
                Cow::Owned(self.to_string())
            }
        }
    )*};
}

numbers! { u16 u32 u64 usize i64 u128 }

impl From<&'static str> for Shown {
    fn from(words: &'static str) -> Self {
        Self(words.into())
    }
}

impl Default for Shown {
    fn default() -> Self {
        Self("".into())
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}

impl Serialize for Shown {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

#[cfg(feature = "schemas")]
impl schemars::JsonSchema for Shown {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "string".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        String::json_schema(generator)
    }
}
