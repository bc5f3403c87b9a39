//! Output of the command line: answers to standard output, everything else to standard error.
//!
//! Colours reach a terminal only (and obey `NO_COLOR`); pipes and files get plain text.

use anstyle::{AnsiColor, Style};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::{
    fmt::Display,
    io::{self, IsTerminal as _, Write as _},
};

/// Headings.
pub const HEADING: Style = Style::new().bold();
/// Something is well.
pub const GOOD: Style = AnsiColor::Green.on_default();
/// Something to look at.
pub const WARNING: Style = AnsiColor::Yellow.on_default();
/// Something is wrong.
pub const BAD: Style = AnsiColor::Red.on_default().bold();
/// Less important.
pub const DIM: Style = Style::new().dimmed();
/// To be typed or opened.
pub const CODE: Style = AnsiColor::Cyan.on_default();

/// A text in a style.
pub fn paint(style: Style, text: impl Display) -> String {
    format!("{style}{text}{style:#}")
}

/// A line of the answer. A reader that has gone away ends the output, not the program.
pub fn line(text: impl Display) {
    drop(writeln!(anstream::stdout().lock(), "{text}"));
}

/// A line beside the answer.
pub fn note(text: impl Display) {
    drop(writeln!(anstream::stderr().lock(), "{text}"));
}

/// A warning.
pub fn warn(text: impl Display) {
    note(format_args!("{} {text}", paint(WARNING, "warning:")));
}

/// Why the command failed.
pub fn error(text: impl Display) {
    note(format_args!("{} {text}", paint(BAD, "error:")));
}

/// Lines of the answer as they are, for machines. Fails when the reader has gone away.
pub fn raw() -> impl io::Write {
    io::stdout().lock()
}

/// A table with a heading, columns as wide as needed.
pub fn table<const N: usize>(headings: [&str; N], rows: &[[String; N]]) {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(String::as_str);
        cells.chain(headings.get(column).copied()).map(|cell| cell.chars().count()).max()
    };
    let widths: Vec<usize> = (0..N).map(|column| width(column).unwrap_or(0)).collect();
    let join = |cells: &[String]| {
        let padded = cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    line(paint(HEADING, join(&headings.map(str::to_owned))));
    for row in rows {
        line(join(row));
    }
}

/// A bar for long work, on a terminal only.
pub fn progress(total: u64, what: &'static str) -> ProgressBar {
    let target = if io::stderr().is_terminal() {
        ProgressDrawTarget::stderr()
    } else {
        ProgressDrawTarget::hidden()
    };
    let template = "{msg} [{bar:32}] {human_pos}/{human_len} ({per_sec}, {eta} left)";
    let style = ProgressStyle::with_template(template)
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("=> ");
    ProgressBar::with_draw_target(Some(total), target).with_style(style).with_message(what)
}
