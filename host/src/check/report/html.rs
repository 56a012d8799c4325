//! A report as one web page: it needs no script and no other file, and all of what a peer has sent
//! is escaped.

use std::fmt::Write as _;

use super::json::class_name;
use super::markup::Escaped;
use super::rating::{Class, Rating};
use super::{CaseResult, Report, finding, sections, table, terminal};
use crate::check::case::{Case, Rule};
use crate::check::frame::Role;

const STYLE: &str = include_str!("page.css");
/// Up to so many failures are unfolded.
const UNFOLDED_MAX: usize = 3;

/// The text of the file.
pub(crate) fn text(reports: &[Report], rating: &Rating) -> String {
    let cases = findings(reports, rating);
    let mut page = head(reports);
    page += &peers(reports, rating);
    page += &matrix(reports, rating);
    for class in [
        Class::Failed,
        Class::Known,
        Class::NotStrict,
        Class::Informational,
    ] {
        page += &chapter(class, &cases, reports, rating);
    }
    page += &skipped(reports, rating);
    page += &all(reports, rating);
    page + "</main>\n</body>\n</html>\n"
}

fn head(reports: &[Report]) -> String {
    let title = match reports {
        [report] => format!("WebSocket conformance of {}", report.peer),
        _ => "WebSocket conformance".into(),
    };
    let title = Escaped(&title);
    let version = env!("CARGO_PKG_VERSION");
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<header>\n\
         <h1>{title}</h1>\n\
         <p class=\"soft\">RFC 6455 and RFC 7692, by ws-echo check {version}</p>\n\
         </header>\n<main>\n"
    )
}

/// A box for each peer, with its sums.
fn peers(reports: &[Report], rating: &Rating) -> String {
    let mut html = String::from("<div class=\"peers\">\n");
    for report in reports {
        let counts = rating.count(&report.results);
        let kind = match report.role {
            Role::Server => "server",
            Role::Client => "client",
        };
        let product = match &report.product {
            Some(product) => format!("{}, ", Escaped(product)),
            None => String::new(),
        };
        let _ = write!(
            html,
            "<div class=\"peer\">\n<h3>{}</h3>\n<p class=\"soft\">{product}{kind}, {} in {:.1} s{}\
             </p>\n<div class=\"bar\">",
            Escaped(&report.peer),
            terminal::cases(counts.all()),
            report.time.as_secs_f64(),
            interruption(report)
        );
        for class in Class::ALL {
            let (name, count) = (class_name(class), counts.of(class));
            if count > 0 {
                let _ = write!(html, "<i class=\"{name}\" style=\"flex:{count}\"></i>");
            }
        }
        html += "</div>\n<ul class=\"counts\">";
        for class in Class::ALL {
            if counts.of(class) > 0 {
                let _ = write!(html, "<li>{}</li>", count_chip(class, counts.of(class)));
            }
        }
        html += "</ul>\n</div>\n";
    }
    html + "</div>\n"
}

fn interruption(report: &Report) -> String {
    match report.not_played {
        0 => String::new(),
        count => format!("; interrupted, {} not played", terminal::cases(count)),
    }
}

fn count_chip(class: Class, count: usize) -> String {
    let (id, name) = (class_name(class), class.name());
    format!("<span class=\"chip {id}\">{count} {name}</span>")
}

/// The counts of each section and peer.
fn matrix(reports: &[Report], rating: &Rating) -> String {
    let mut html =
        String::from("<h2>Sections</h2>\n<div class=\"wide\"><table>\n<thead><tr><th>section</th>");
    for report in reports {
        let _ = write!(html, "<th>{}</th>", Escaped(&report.peer));
    }
    html += "</tr></thead>\n<tbody>\n";
    let results = reports.iter().flat_map(|report| &report.results);
    for row in table::rows(results, rating) {
        let section = row.section;
        let _ = write!(
            html,
            "<tr><th><a href=\"#section-{section}\">{section}</a> {}</th>",
            Escaped(sections::title(section))
        );
        for report in reports {
            let here = report
                .results
                .iter()
                .filter(|it| it.case.section() == section);
            let counts = rating.count(here);
            html += "<td>";
            for class in Class::ALL {
                if counts.of(class) > 0 {
                    html += &count_chip(class, counts.of(class));
                }
            }
            html += "</td>";
        }
        html += "</tr>\n";
    }
    html + "</tbody>\n</table></div>\n"
}

/// The cases that are not passed by all peers, in order, with the worst class of each.
fn findings<'a>(reports: &'a [Report], rating: &Rating) -> Vec<(&'a Case, Class)> {
    let mut findings: Vec<(&Case, Class)> = Vec::new();
    for result in reports.iter().flat_map(|report| &report.results) {
        let class = rating.class(result);
        if matches!(class, Class::Passed | Class::Skipped) {
            continue;
        }
        match findings
            .iter_mut()
            .find(|(case, _)| case.id == result.case.id)
        {
            // The worst is the first one.
            Some((_, worst)) => *worst = class.min(*worst),
            None => findings.push((&result.case, class)),
        }
    }
    findings.sort_by(|(a, _), (b, _)| sections::order(a.section(), b.section()));
    findings
}

/// The cases whose worst class is this one.
fn chapter(class: Class, cases: &[(&Case, Class)], reports: &[Report], rating: &Rating) -> String {
    let of_class = cases.iter().filter(|(_, worst)| *worst == class);
    let cases: Vec<&Case> = of_class.map(|(case, _)| *case).collect();
    if cases.is_empty() {
        return String::new();
    }
    let (title, about) = match class {
        Class::Failed => ("Failed", ""),
        Class::Known => ("Known failures", "The baseline lists them."),
        Class::NotStrict => ("Not strict", "Allowed, but not what is recommended."),
        _ => ("Informational", "The RFC leaves it open."),
    };
    let mut html = format!(
        "<h2>{title} ({})</h2>\n<p class=\"soft\">{about}</p>\n",
        cases.len()
    );
    let is_open = class == Class::Failed && cases.len() <= UNFOLDED_MAX;
    let mut rules: Vec<(&Rule, Vec<&Case>)> = Vec::new();
    for case in cases {
        match rules.iter_mut().find(|(rule, _)| *rule == case.rule) {
            Some((_, cases)) => cases.push(case),
            None => rules.push((case.rule, vec![case])),
        }
    }
    for (rule, cases) in rules {
        html += &finding::quote(rule);
        html += "<div class=\"group\">\n";
        for case in cases {
            html += &finding::details(case, reports, rating, is_open);
        }
        html += "</div>\n";
    }
    html
}

fn skipped(reports: &[Report], rating: &Rating) -> String {
    let mut html = String::new();
    for report in reports {
        let results = report.results.iter();
        let skipped = results.filter(|it| rating.class(it) == Class::Skipped);
        for (reason, count) in terminal::reasons(skipped) {
            let peer = match reports {
                [_] => String::new(),
                _ => format!("{}: ", Escaped(&report.peer)),
            };
            let reason = Escaped(reason);
            let _ = writeln!(html, "<li>{peer}{}: {reason}</li>", terminal::cases(count));
        }
    }
    match html.is_empty() {
        true => html,
        false => format!("<h2>Skipped</h2>\n<ul>\n{html}</ul>\n"),
    }
}

/// All cases, folded by section.
fn all(reports: &[Report], rating: &Rating) -> String {
    let mut html = String::from("<h2>All cases</h2>\n");
    let results = || reports.iter().flat_map(|report| &report.results);
    for row in table::rows(results(), rating) {
        let section = row.section;
        let mut here: Vec<&Case> = Vec::new();
        for result in results().filter(|it| it.case.section() == section) {
            if here.iter().all(|case| case.id != result.case.id) {
                here.push(&result.case);
            }
        }
        let _ = write!(
            html,
            "<details><summary>{section} {} <span class=\"soft\">({})</span></summary>\n\
             <div class=\"wide\" id=\"section-{section}\"><table>\n<tbody>\n",
            Escaped(sections::title(section)),
            terminal::cases(here.len())
        );
        for case in here {
            html += &row_of_case(case, reports, rating);
        }
        html += "</tbody>\n</table></div></details>\n";
    }
    html
}

fn row_of_case(case: &Case, reports: &[Report], rating: &Rating) -> String {
    let mut html = format!(
        "<tr><th>{}<br><code class=\"soft\">{}</code></th>",
        Escaped(&case.claim),
        Escaped(&case.id)
    );
    for report in reports {
        let result = report.results.iter().find(|it| it.case.id == case.id);
        let _ = write!(
            html,
            "<td>{}</td>",
            result.map_or(String::new(), |it| chip(it, rating))
        );
    }
    html + "</tr>\n"
}

/// The class of a result, with a link to what is told about it.
fn chip(result: &CaseResult, rating: &Rating) -> String {
    let class = rating.class(result);
    let (id, name) = (class_name(class), class.name());
    match class {
        Class::Passed | Class::Skipped => format!("<span class=\"chip {id}\">{name}</span>"),
        _ => {
            let case = Escaped(&result.case.id);
            format!("<a class=\"chip {id}\" href=\"#case-{case}\">{name}</a>")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::report::tests as sample;

    #[test]
    fn hostile_text_is_no_markup_and_nothing_is_loaded() {
        let page = text(&[sample::report()], &Rating::default());
        assert!(!page.contains("<script") && !page.contains("</pre>"));
        assert!(page.contains("&lt;script&gt;"));
        assert!(
            page.chars()
                .all(|it| it == '\n' || !crate::escape::is_unsafe(it))
        );
        assert!(!page.contains("src=") && !page.contains("url(") && !page.contains("@import"));
    }

    #[test]
    fn each_element_that_is_opened_is_closed() {
        let page = text(&[sample::report(), sample::report()], &Rating::default());
        for name in [
            "details", "table", "tr", "td", "div", "span", "a", "dl", "dd", "ul", "li",
        ] {
            let opened = page.matches(&format!("<{name}>")).count()
                + page.matches(&format!("<{name} ")).count();
            let closed = page.matches(&format!("</{name}>")).count();
            assert_eq!(opened, closed, "{name}");
        }
    }

    #[test]
    fn a_link_to_a_case_or_a_section_has_its_target() {
        let page = text(&[sample::report()], &Rating::default());
        for link in page.split("href=\"#").skip(1) {
            let name = link.split('"').next().unwrap_or_default();
            assert_eq!(
                page.matches(&format!(" id=\"{name}\"")).count(),
                1,
                "{name}"
            );
        }
    }

    #[test]
    fn several_peers_are_side_by_side() {
        let mut other = sample::report();
        other.peer = "other".into();
        other.results.truncate(1);
        let page = text(&[sample::report(), other], &Rating::default());
        assert!(page.contains("<th>other</th>"));
        assert_eq!(page.matches("id=\"case-5.5.2-failed\"").count(), 1);
    }
}
