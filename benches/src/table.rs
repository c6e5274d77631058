//! What came out, as text and as Markdown.

use std::slice::from_ref;

use crate::group::Limit;
use crate::measure::Outcome;

/// Rows of cells, the first of them the head; all columns but the first are aligned to the right.
pub struct Table(Vec<Vec<String>>);

impl Table {
    pub fn new<const N: usize>(head: [&str; N]) -> Self {
        Self(vec![head.map(str::to_owned).into()])
    }

    pub fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.0.push(cells.into());
    }

    fn widths(&self) -> Vec<usize> {
        let width = |column: usize| self.0.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        (0..self.0[0].len()).map(width).collect()
    }

    pub fn text(&self) -> String {
        let widths = self.widths();
        let line = |row: &Vec<String>| {
            let cells = row.iter().zip(&widths).enumerate();
            let cells = cells.map(|(column, (cell, &width))| match column {
                0 => format!("{cell:<width$}"),
                _ => format!("  {cell:>width$}"),
            });
            cells.collect::<String>().trim_end().to_owned() + "\n"
        };
        self.0.iter().map(line).collect()
    }

    pub fn markdown(&self) -> String {
        let line = |row: &Vec<String>| format!("| {} |\n", row.join(" | "));
        let rule = "|---".to_owned() + &"|--:".repeat(self.0[0].len() - 1) + "|\n";
        line(&self.0[0]) + &rule + &self.0[1..].iter().map(line).collect::<String>()
    }
}

/// Lists what came out for each contender.
pub fn rows(outcome: &Outcome) -> Table {
    let base = format!("÷ {}", outcome.rows[0].name);
    let mut table = Table::new(["", "median", "quartiles", &base, "quartiles", ""]);
    for row in &outcome.rows {
        let show = |figure| outcome.unit.show(figure);
        table.row([
            row.name.clone(),
            show(row.figure.median),
            format!("{} to {}", show(row.figure.low), show(row.figure.high)),
            format!("{:.2}", row.ratio.median),
            format!("{:.2} to {:.2}", row.ratio.low, row.ratio.high),
            row.remark.clone(),
        ]);
    }
    table
}

/// Lists what came out for each bound; which group it is of where these are several.
pub fn checks(outcomes: &[Outcome]) -> Table {
    let mut table = Table::new(["must hold", "bound", "median", "quartiles", ""]);
    for outcome in outcomes {
        let group = if outcomes.len() > 1 { format!("`{}`: ", outcome.name) } else { String::new() };
        for check in &outcome.checks {
            let sign = if matches!(check.limit, Limit::Plus(_)) { "−" } else { "÷" };
            let (median, quartiles) = check.limit.show_compared(outcome.unit, check.compared);
            let verdict = if check.holds { "ok" } else { "**over**" };
            table.row([
                format!("{group}{} {sign} {}", check.of, check.over),
                check.limit.show(outcome.unit),
                median,
                quartiles,
                verdict.to_owned(),
            ]);
        }
    }
    table
}

/// Writes a group for a terminal.
pub fn text(outcome: &Outcome) -> String {
    let Outcome { name, title, rounds, machine, .. } = outcome;
    let mut text = format!("== {name}: {title} ({rounds} rounds, load {})\n", machine.load);
    text += &rows(outcome).text();
    if !outcome.checks.is_empty() {
        text += "\n";
        text += &checks(from_ref(outcome)).text().replace("**over**", "OVER");
    }
    text
}
