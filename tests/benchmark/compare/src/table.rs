//! Tables in Markdown with aligned columns, so that they can be read as they are.

/// Prints a table. The first column has names, the others numbers.
pub(crate) fn print(head: &[String], rows: &[Vec<String>]) {
    let lines = || std::iter::once(head).chain(rows.iter().map(Vec::as_slice));
    let width = |column: usize| {
        let widths = lines().filter_map(|line| line.get(column));
        widths.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<_> = (0..head.len()).map(width).collect();
    for (number, line) in lines().enumerate() {
        print!("|");
        for (column, width) in widths.iter().copied().enumerate() {
            match (line.get(column), column) {
                (Some(name), 0) => print!(" {name:<width$} |"),
                (Some(cell), _) => print!(" {cell:>width$} |"),
                (None, _) => print!(" {:>width$} |", ""),
            }
        }
        println!();
        if number == 0 {
            let rules = widths
                .iter()
                .enumerate()
                .map(|(column, width)| match column {
                    0 => format!("{}|", "-".repeat(width + 2)),
                    _ => format!("{}:|", "-".repeat(width + 1)),
                });
            println!("|{}", rules.collect::<String>());
        }
    }
}

/// The cells of a table's head.
pub(crate) fn cells(names: &[&str]) -> Vec<String> {
    names.iter().map(ToString::to_string).collect()
}

/// A number with as many digits as are significant.
pub(crate) fn number(value: f64) -> String {
    match value.abs() {
        _ if value.is_nan() => "-".to_owned(),
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}
