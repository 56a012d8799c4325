//! What a client asks for by its path, as Autobahn's fuzzing server understands it.

use std::borrow::Cow;

/// The longest name of an agent, in characters.
const NAME_LEN_MAX: usize = 100;

/// What a client asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Route {
    CaseCount,
    RunCase {
        case: CaseName,
        agent: String,
    },
    CaseStatus {
        case: CaseName,
        agent: String,
    },
    CaseInfo {
        case: CaseName,
    },
    UpdateReports {
        agent: String,
        /// Whether the check ends then.
        is_last: bool,
    },
    StopServer,
}

/// How a case is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum CaseName {
    /// From 1.
    Number(usize),
    /// An id, or a number of Autobahn's, such as `2.1`.
    Id(String),
}

/// Why nothing is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum WrongRoute {
    NoSuchPath,
    /// Why not, in words.
    BadQuery(String),
}

const PATHS: &str = "/getCaseCount, /runCase?case=N&agent=NAME, /getCaseStatus?case=N&agent=NAME, \
                     /getCaseInfo?case=N, /updateReports?agent=NAME or /stopServer";

impl WrongRoute {
    /// In words, for the client.
    pub(super) fn words(&self) -> String {
        match self {
            Self::NoSuchPath => format!("Ask for {PATHS}.\n"),
            Self::BadQuery(why) => format!("Wrong query: {why}. Ask for {PATHS}.\n"),
        }
    }
}

impl Route {
    /// Reads the target of a request, which may be a whole URL.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub(super) fn read(target: &str) -> Result<Self, WrongRoute> {
        let target = match target.split_once("://") {
            Some((_, rest)) => &rest[rest.find('/').unwrap_or(rest.len())..],
            None => target,
        };
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let query = Query(query);
        Ok(match path {
            "/getCaseCount" => Self::CaseCount,
            "/runCase" => Self::RunCase {
                case: query.case()?,
                agent: query.agent()?,
            },
            "/getCaseStatus" => Self::CaseStatus {
                case: query.case()?,
                agent: query.agent()?,
            },
            "/getCaseInfo" => Self::CaseInfo {
                case: query.case()?,
            },
            "/updateReports" => Self::UpdateReports {
                agent: query.agent()?,
                is_last: query.value("shutdownOnComplete").is_some_and(|value| {
                    value.eq_ignore_ascii_case("true") || value.eq_ignore_ascii_case("yes")
                }),
            },
            "/stopServer" => Self::StopServer,
            _ => return Err(WrongRoute::NoSuchPath),
        })
    }
}

struct Query<'a>(&'a str);

impl Query<'_> {
    /// The first value with this name.
    fn value(&self, name: &str) -> Option<Cow<'_, str>> {
        self.0.split('&').find_map(|pair| {
            let (key, value) = pair.split_once('=')?;
            (key == name).then(|| decoded(value))
        })
    }

    fn case(&self) -> Result<CaseName, WrongRoute> {
        if let Some(number) = self.value("case") {
            return match number.parse() {
                Ok(number) => Ok(CaseName::Number(number)),
                Err(_) => Err(WrongRoute::BadQuery("case must be a number".into())),
            };
        }
        // Autobahn's name for the same.
        match self.value("casetuple") {
            Some(id) => Ok(CaseName::Id(id.trim().to_owned())),
            None => Err(WrongRoute::BadQuery("case is missing".into())),
        }
    }

    fn agent(&self) -> Result<String, WrongRoute> {
        let name = self.value("agent").unwrap_or_default();
        let name: String = name
            .chars()
            .filter(|character| !character.is_control())
            .take(NAME_LEN_MAX)
            .collect();
        match name.is_empty() {
            true => Err(WrongRoute::BadQuery("agent is missing".into())),
            false => Ok(name),
        }
    }
}

/// A value without `+` and `%`.
fn decoded(value: &str) -> Cow<'_, str> {
    if !value.contains(['%', '+']) {
        return value.into();
    }
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        match (byte, escaped(after)) {
            (b'+', _) => bytes.push(b' '),
            (b'%', Some((decoded, after))) => {
                bytes.push(decoded);
                rest = after;
            }
            _ => bytes.push(byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned().into()
}

/// The byte that two digits are, and what is behind them.
fn escaped(bytes: &[u8]) -> Option<(u8, &[u8])> {
    let (digits, rest) = bytes.split_first_chunk::<2>()?;
    let digits = str::from_utf8(digits).ok()?;
    let byte = u8::from_str_radix(digits, 16).ok()?;
    Some((byte, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_paths_of_autobahns_fuzzing_server_are_understood() {
        let agent = String::from("a b/1.0");
        let number = CaseName::Number(7);
        for (target, expected) in [
            ("/getCaseCount", Route::CaseCount),
            ("/getCaseCount?agent=x", Route::CaseCount),
            ("http://127.0.0.1:9001/getCaseCount", Route::CaseCount),
            (
                "/runCase?case=7&agent=a%20b%2F1.0",
                Route::RunCase {
                    case: number.clone(),
                    agent: agent.clone(),
                },
            ),
            (
                "/runCase?agent=a+b/1.0&casetuple=2.1",
                Route::RunCase {
                    case: CaseName::Id("2.1".into()),
                    agent: agent.clone(),
                },
            ),
            (
                "/getCaseStatus?case=7&agent=a+b/1.0",
                Route::CaseStatus {
                    case: number.clone(),
                    agent,
                },
            ),
            ("/getCaseInfo?case=7", Route::CaseInfo { case: number }),
            (
                "/updateReports?agent=x&shutdownOnComplete=True",
                Route::UpdateReports {
                    agent: "x".into(),
                    is_last: true,
                },
            ),
        ] {
            assert_eq!(Route::read(target), Ok(expected), "{target}");
        }
    }

    #[test]
    fn what_is_missing_in_a_query_is_named() {
        assert_eq!(Route::read("/"), Err(WrongRoute::NoSuchPath));
        let why = |target| Route::read(target).unwrap_err().words();
        assert!(why("/runCase?agent=x").contains("case is missing"));
        assert!(why("/runCase?case=x&agent=x").contains("case must be a number"));
        assert!(why("/runCase?case=-1&agent=x").contains("case must be a number"));
        assert!(why("/runCase?case=1").contains("agent is missing"));
        assert!(why("/updateReports?agent=%0a").contains("agent is missing"));
    }
}
