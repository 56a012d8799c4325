//! The chart: one line for each scenario, one mark for each server, placed by its ratio to the raw
//! echo. SVG by hand, on a background of its own, so that it can be read on light and on dark
//! pages.

use std::fmt::Write;

use crate::server::WS_ECHO;

/// A scenario's servers with their ratios.
pub(crate) struct Group {
    pub(crate) name: &'static str,
    pub(crate) ratios: Vec<(&'static str, f64)>,
}

const LABELS: f64 = 150.0;
const SCALE: f64 = 620.0;
const MARGIN: f64 = 30.0;
const TOP: f64 = 60.0;
const LINE: f64 = 30.0;
const LEGEND_LINE: f64 = 20.0;
const LEGEND_COLUMN: f64 = 190.0;
const LEGEND_COLUMNS: usize = 4;
/// The ratio at the chart's right end.
const LARGEST: f64 = 1.2;
const OURS: &str = "#d6336c";
/// Colors that people with colour blindness can tell apart.
const OTHERS: [&str; 14] = [
    "#4e79a7", "#f28e2b", "#59a14f", "#b07aa1", "#9c755f", "#76b7b2", "#edc948", "#ff9da7",
    "#79706e", "#2f4b7c", "#8cd17d", "#6741d9", "#a0cbe8", "#5c5c00",
];

/// Draws the chart.
pub(crate) fn draw(groups: &[Group]) -> String {
    let names = names(groups);
    let bottom = TOP + LINE * groups.len() as f64;
    let legend_lines = names.len().div_ceil(LEGEND_COLUMNS) as f64;
    let width = LABELS + SCALE + MARGIN;
    let height = bottom + 45.0 + LEGEND_LINE * legend_lines;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
         height=\"{height}\" font-family=\"system-ui, sans-serif\" font-size=\"13\" fill=\"#212529\">\n\
         <rect width=\"100%\" height=\"100%\" rx=\"6\" fill=\"#ffffff\"/>\n"
    );
    text(
        &mut svg,
        [MARGIN, 24.0],
        "start",
        "font-weight=\"600\"",
        TITLE,
    );
    draw_scale(&mut svg, bottom);
    for (number, group) in groups.iter().enumerate() {
        draw_group(&mut svg, group, &names, TOP + LINE * (number as f64 + 0.5));
    }
    for (number, name) in names.iter().enumerate() {
        let (column, line) = (number % LEGEND_COLUMNS, number / LEGEND_COLUMNS);
        let x = MARGIN + LEGEND_COLUMN * column as f64;
        let y = bottom + 40.0 + LEGEND_LINE * line as f64;
        mark(&mut svg, [x, y], name, &names, "");
        text(&mut svg, [x + 12.0, y + 4.5], "start", "", name);
    }
    svg.push_str("</svg>\n");
    svg
}

const TITLE: &str =
    "Messages for each CPU second of the server; the raw TCP echo of the same bytes is 1.0";

/// All servers, ours first.
fn names(groups: &[Group]) -> Vec<&'static str> {
    let all = groups.iter().flat_map(|group| &group.ratios);
    let mut names: Vec<_> = all.map(|(name, _)| *name).collect();
    names.sort_by_key(|name| (*name != WS_ECHO, *name));
    names.dedup();
    names
}

fn place(ratio: f64) -> f64 {
    LABELS + SCALE * ratio.clamp(0.0, LARGEST) / LARGEST
}

fn draw_scale(svg: &mut String, bottom: f64) {
    for tenth in (0..=12).step_by(2) {
        let ratio = f64::from(tenth) / 10.0;
        let x = place(ratio);
        let stroke = match tenth {
            10 => "stroke=\"#212529\" stroke-width=\"1.5\"",
            _ => "stroke=\"#dee2e6\"",
        };
        let _ = writeln!(
            svg,
            "<line x1=\"{x:.1}\" y1=\"{TOP}\" x2=\"{x:.1}\" y2=\"{bottom}\" {stroke}/>"
        );
        let label = match tenth {
            10 => "raw = 1.0".to_owned(),
            _ => format!("{ratio:.1}"),
        };
        text(svg, [x, TOP - 8.0], "middle", "", &label);
    }
}

fn draw_group(svg: &mut String, group: &Group, names: &[&str], y: f64) {
    text(svg, [LABELS - 12.0, y + 4.5], "end", "", group.name);
    let end = LABELS + SCALE;
    let _ = writeln!(
        svg,
        "<line x1=\"{LABELS}\" y1=\"{y}\" x2=\"{end}\" y2=\"{y}\" stroke=\"#e9ecef\"/>"
    );
    // Ours is drawn last, above the others.
    let (ours, others): (Vec<_>, Vec<_>) =
        group.ratios.iter().partition(|(name, _)| *name == WS_ECHO);
    for (name, ratio) in others.into_iter().chain(ours) {
        if ratio.is_finite() {
            let title = format!("<title>{name}: {ratio:.2}</title>");
            mark(svg, [place(ratio), y], name, names, &title);
        }
    }
}

fn mark(svg: &mut String, [x, y]: [f64; 2], name: &str, names: &[&str], title: &str) {
    if name == WS_ECHO {
        let left = x - 3.5;
        let top = y - 10.0;
        let _ = writeln!(
            svg,
            "<rect x=\"{left:.1}\" y=\"{top:.1}\" width=\"7\" height=\"20\" rx=\"2\" fill=\"{OURS}\">{title}</rect>"
        );
        return;
    }
    let others = names.iter().filter(|other| **other != WS_ECHO);
    let number = others.clone().position(|other| *other == name).unwrap_or(0);
    assert!(number < OTHERS.len(), "{name} would share another's color");
    let color = OTHERS[number];
    let _ = writeln!(
        svg,
        "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"5\" fill=\"{color}\" fill-opacity=\"0.85\" \
         stroke=\"#ffffff\">{title}</circle>"
    );
}

fn text(svg: &mut String, [x, y]: [f64; 2], anchor: &str, attributes: &str, text: &str) {
    let _ = writeln!(
        svg,
        "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" {attributes}>{text}</text>"
    );
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clap::Parser;

    use super::*;
    use crate::options::Options;
    use crate::server;

    #[test]
    fn each_server_has_a_color_of_its_own() {
        let servers = server::all(&Options::parse_from(["compare"]));
        let compared = servers.iter().filter(|server| !server.is_raw());
        let ratios = compared.map(|server| (server.name, 0.5)).collect();
        let names: Vec<_> = servers.iter().map(|server| server.name).collect();
        let svg = draw(&[Group {
            name: "any",
            ratios,
        }]);
        let marks = svg.lines().filter(|line| line.starts_with("<circle"));
        let colors = marks.filter_map(|line| line.split("fill=\"").nth(1)?.split('"').next());
        let colors: BTreeSet<_> = colors.collect();
        // The raw echo is the scale, and our mark is not a circle.
        assert_eq!(colors.len(), names.len() - server::RAW.len() - 1);
        assert!(!colors.contains(OURS));
    }
}
