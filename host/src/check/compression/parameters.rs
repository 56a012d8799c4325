//! The parameters of permessage-deflate (RFC 7692 section 7.1): what a client offers, what a server
//! answers, and what follows from both.

use std::fmt::{self, Display, Formatter};

use ws_echo_core::Window;

use super::extension_list::{self, Extension, Parameter};

/// The registered name of the extension.
pub const NAME: &str = "permessage-deflate";
/// The largest window, and what is used without a parameter.
pub const MAX_BITS: u8 = 15;
const MIN_BITS: u8 = 8;

/// What a client offers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Offer {
    pub server_no_context_takeover: bool,
    pub client_no_context_takeover: bool,
    pub server_max_window_bits: Option<u8>,
    pub client_max_window_bits: ClientBits,
}

/// What an offer says of the client's window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ClientBits {
    /// Nothing: the client cannot be told of a smaller one.
    #[default]
    NotOffered,
    /// It can be told of any.
    Any,
    /// The client uses none that is larger.
    UpTo(u8),
}

/// What a server answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    pub server_no_context_takeover: bool,
    pub client_no_context_takeover: bool,
    pub server_max_window_bits: Option<u8>,
    pub client_max_window_bits: Option<u8>,
}

/// What was agreed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Agreement {
    /// What the server compresses with.
    pub server: Window,
    /// What the client compresses with.
    pub client: Window,
}

/// What a response says of compression.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReadAnswer {
    /// As far as it can be understood.
    pub agreement: Option<Agreement>,
    /// What is wrong with it, in words.
    pub fault: Option<String>,
}

/// Reads the answer of a server: the values of its `Sec-WebSocket-Extensions`, and those of the
/// client that it answers.
pub fn read_answer(answers: &[&str], offers: &[&str]) -> ReadAnswer {
    let extensions = match read_lists(answers) {
        Ok(extensions) => extensions,
        Err(why) => {
            let fault = format!("the server's list of extensions breaks the grammar: {why}");
            return ReadAnswer {
                agreement: None,
                fault: Some(fault),
            };
        }
    };
    let mut fault = None;
    let mut note = |what: String| {
        fault.get_or_insert(what);
    };
    let mut agreement = None;
    if answers.len() > 1 {
        note("the response has several headers Sec-WebSocket-Extensions".into());
    }
    for extension in &extensions {
        if extension.name != NAME {
            let name = &extension.name;
            note(format!(
                "the server agrees on {name}, which was not offered"
            ));
        } else if agreement.is_some() {
            note(format!("the server agrees on {NAME} twice"));
        } else {
            let (answer, wrong) = Answer::read(extension);
            let wrong = wrong.or_else(|| why_no_answer(answer, offers));
            wrong.map(&mut note);
            agreement = Some(answer.agreement());
        }
    }
    ReadAnswer { agreement, fault }
}

/// The answer of a server to the offers of a client, the values of its `Sec-WebSocket-Extensions`,
/// and what is then agreed on. The answer has what is wanted, and what the offer asks for besides.
/// `None` if no offer allows what is wanted.
pub fn answer_to(offers: &[&str], wanted: Answer) -> Option<(String, Agreement)> {
    let answer = well_formed(offers).find_map(|offer| wanted.to(offer))?;
    Some((answer.to_string(), answer.agreement()))
}

/// Whether a client offers this extension at all, in a way that a server may accept.
pub fn is_offered(offers: &[&str]) -> bool {
    well_formed(offers).next().is_some()
}

/// Whether an offer of this extension is one that a server must decline.
pub fn has_malformed(offers: &[&str]) -> bool {
    let extensions = read_lists(offers).unwrap_or_default();
    let mut offers = extensions.iter().filter(|it| it.name == NAME);
    offers.any(|it| Offer::read(it).is_err())
}

/// The offers that a server may accept.
fn well_formed(offers: &[&str]) -> impl Iterator<Item = Offer> {
    let extensions = read_lists(offers).unwrap_or_default();
    extensions
        .into_iter()
        .filter_map(|it| Offer::read(&it).ok())
}

fn read_lists(values: &[&str]) -> Result<Vec<Extension>, String> {
    let mut extensions = Vec::new();
    for value in values {
        extensions.extend(extension_list::read(value)?);
    }
    Ok(extensions)
}

/// Why an answer answers none of the offers.
fn why_no_answer(answer: Answer, offers: &[&str]) -> Option<String> {
    let mut first = None;
    for offer in well_formed(offers) {
        let why = answer.why_not(offer)?;
        first.get_or_insert(why);
    }
    first.or_else(|| Some("the server agrees, and there is no offer that it may accept".into()))
}

impl Offer {
    /// Reads an offer.
    ///
    /// # Errors
    ///
    /// Why a server must decline it, in words.
    fn read(extension: &Extension) -> Result<Self, String> {
        if extension.name != NAME {
            return Err(format!("{} is another extension", extension.name));
        }
        let mut offer = Self::default();
        if let Some(name) = twice(extension) {
            return Err(format!("{name} is there twice"));
        }
        for parameter in &extension.parameters {
            match parameter.name.as_str() {
                "server_no_context_takeover" => {
                    offer.server_no_context_takeover = flag(parameter)?;
                }
                "client_no_context_takeover" => {
                    offer.client_no_context_takeover = flag(parameter)?;
                }
                "server_max_window_bits" => offer.server_max_window_bits = Some(bits(parameter)?),
                "client_max_window_bits" if parameter.value.is_none() => {
                    offer.client_max_window_bits = ClientBits::Any;
                }
                "client_max_window_bits" => {
                    offer.client_max_window_bits = ClientBits::UpTo(bits(parameter)?);
                }
                other => return Err(format!("there is no parameter {other}")),
            }
        }
        Ok(offer)
    }
}

impl Answer {
    /// Reads an answer as far as it can be understood, and what is wrong with it.
    fn read(extension: &Extension) -> (Self, Option<String>) {
        let mut answer = Self::default();
        let mut fault = twice(extension).map(|name| format!("the answer has {name} twice"));
        for parameter in &extension.parameters {
            let read = match parameter.name.as_str() {
                "server_no_context_takeover" => {
                    flag(parameter).map(|it| answer.server_no_context_takeover = it)
                }
                "client_no_context_takeover" => {
                    flag(parameter).map(|it| answer.client_no_context_takeover = it)
                }
                "server_max_window_bits" => {
                    bits(parameter).map(|it| answer.server_max_window_bits = Some(it))
                }
                "client_max_window_bits" => {
                    bits(parameter).map(|it| answer.client_max_window_bits = Some(it))
                }
                other => Err(format!("there is no parameter {other}")),
            };
            if let Err(why) = read {
                fault.get_or_insert(format!("the answer is not valid: {why}"));
            }
        }
        (answer, fault)
    }

    /// Why this is no answer to an offer.
    fn why_not(self, offer: Offer) -> Option<String> {
        if offer.server_no_context_takeover && !self.server_no_context_takeover {
            return Some("the offer has server_no_context_takeover, and the answer has not".into());
        }
        let server = self.server_max_window_bits.unwrap_or(MAX_BITS);
        if let Some(most) = offer.server_max_window_bits
            && server > most
        {
            return Some(match self.server_max_window_bits {
                Some(bits) => format!(
                    "the answer has server_max_window_bits={bits}, more than the {most} of the offer"
                ),
                None => format!(
                    "the offer has server_max_window_bits={most}, and the answer does not have it"
                ),
            });
        }
        match (self.client_max_window_bits, offer.client_max_window_bits) {
            (Some(_), ClientBits::NotOffered) => {
                Some("the answer has client_max_window_bits, and the offer has not".into())
            }
            (Some(bits), ClientBits::UpTo(most)) if bits > most => Some(format!(
                "the answer has client_max_window_bits={bits}, more than the {most} of the offer"
            )),
            _ => None,
        }
    }

    /// This answer with what an offer asks for besides; `None` if the offer does not allow it.
    fn to(self, offer: Offer) -> Option<Self> {
        let client_max_window_bits =
            match (self.client_max_window_bits, offer.client_max_window_bits) {
                (None, _) => None,
                (Some(_), ClientBits::NotOffered) => return None,
                (Some(bits), ClientBits::Any) => Some(bits),
                (Some(bits), ClientBits::UpTo(most)) => Some(bits.min(most)),
            };
        let server_max_window_bits = [self.server_max_window_bits, offer.server_max_window_bits]
            .into_iter()
            .flatten()
            .min();
        Some(Self {
            server_no_context_takeover: self.server_no_context_takeover
                || offer.server_no_context_takeover,
            client_no_context_takeover: self.client_no_context_takeover,
            server_max_window_bits,
            client_max_window_bits,
        })
    }

    /// What is agreed on with this answer.
    pub fn agreement(self) -> Agreement {
        Agreement {
            server: window(self.server_max_window_bits, self.server_no_context_takeover),
            client: window(self.client_max_window_bits, self.client_no_context_takeover),
        }
    }
}

fn window(bits: Option<u8>, is_fresh: bool) -> Window {
    let window = bits.and_then(Window::new).unwrap_or(Window::MAX);
    match is_fresh {
        true => window.fresh(),
        false => window.kept(),
    }
}

/// A name that two parameters have.
fn twice(extension: &Extension) -> Option<&str> {
    let names = extension.parameters.iter().map(|it| it.name.as_str());
    let mut before = Vec::new();
    for name in names {
        if before.contains(&name) {
            return Some(name);
        }
        before.push(name);
    }
    None
}

/// A parameter that has no value.
fn flag(parameter: &Parameter) -> Result<bool, String> {
    match &parameter.value {
        None => Ok(true),
        Some(value) => Err(format!("{} has the value {value}", parameter.name)),
    }
}

/// > This parameter has a decimal integer value without leading zeroes between 8 to 15, inclusive
/// > (RFC 7692 section 7.1.2.1)
fn bits(parameter: &Parameter) -> Result<u8, String> {
    let Some(value) = &parameter.value else {
        return Err(format!("{} has no value", parameter.name));
    };
    let is_plain = value.bytes().all(|byte| byte.is_ascii_digit()) && !value.starts_with('0');
    match value.parse() {
        Ok(bits @ MIN_BITS..=MAX_BITS) if is_plain => Ok(bits),
        _ => Err(format!("{} has the value {value}", parameter.name)),
    }
}

/// As the value of `Sec-WebSocket-Extensions`.
impl Display for Answer {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(NAME)?;
        if self.server_no_context_takeover {
            f.write_str("; server_no_context_takeover")?;
        }
        if self.client_no_context_takeover {
            f.write_str("; client_no_context_takeover")?;
        }
        if let Some(bits) = self.server_max_window_bits {
            write!(f, "; server_max_window_bits={bits}")?;
        }
        if let Some(bits) = self.client_max_window_bits {
            write!(f, "; client_max_window_bits={bits}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
