//! Colour, where the terminal takes it.

use std::io::stdout;

use crate::shown::text::Shown;
use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};
use libtest_mimic::{Arguments, ColorSetting, FormatSetting};

/// Whether words are coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paint {
    /// As they are.
    Plain,
    /// In colour.
    Coloured,
}

impl Paint {
    /// What `--color` says; without it, what the terminal, `NO_COLOR` and `CLICOLOR_FORCE` say.
    #[must_use]
    pub fn from_flags(tests: &Arguments) -> Self {
        // A text inside of JSON, or in a file, is for programs.
        let for_programs = matches!(tests.format, Some(FormatSetting::Json));
        let coloured = match tests.color.unwrap_or(ColorSetting::Auto) {
            _ if for_programs => false,
            ColorSetting::Always => true,
            ColorSetting::Never => false,
            ColorSetting::Auto if tests.logfile.is_some() => false,
            ColorSetting::Auto => AutoStream::choice(&stdout()) != ColorChoice::Never,
        };
        if coloured { Self::Coloured } else { Self::Plain }
    }

    /// A sign of something that does not hold.
    #[must_use]
    pub fn bad(self, text: &Shown) -> String {
        self.styled(AnsiColor::Red.on_default().bold(), text)
    }

    /// A name to look for.
    #[must_use]
    pub fn strong(self, text: &Shown) -> String {
        self.styled(Style::new().bold(), text)
    }

    /// What need not be read at first.
    #[must_use]
    pub fn faint(self, text: &Shown) -> String {
        self.styled(Style::new().dimmed(), text)
    }

    fn styled(self, style: Style, text: &Shown) -> String {
        match self {
            Self::Plain => text.to_string(),
            Self::Coloured => format!("{style}{text}{style:#}"),
        }
    }
}
