//! Reads a behaviour from the query of an address. A pure function: every query gives a behaviour
//! or a mistake.

mod combination;
mod end;
mod greeting;
mod handshake;
mod messages;
mod mistake;
pub(crate) mod parameter;
mod query;
pub(crate) mod table;
mod unasked;
mod value;

use super::Behaviour;

pub use mistake::Mistake;
pub use parameter::Bounds;

use parameter::{Parameter, Wrong};

/// The length of a pushed message, in bytes, if no `size` is given.
const PUSH_LEN: usize = 16;

impl Behaviour {
    /// The behaviour that a query asks for. An empty query is the exact echo.
    ///
    /// # Errors
    ///
    /// An unknown, repeated or wrong parameter, or parameters that mean nothing together.
    pub fn parse(query: &str, bounds: &Bounds) -> Result<Self, Mistake> {
        let mut behaviour = Self::default();
        let mut given = Vec::new();
        for (name, value) in query::parameters(query) {
            let parameter = set(&mut behaviour, name, value, bounds)?;
            let is_repeated = given
                .iter()
                .any(|it: &&Parameter| it.name == parameter.name);
            if is_repeated && !parameter.is_repeatable {
                return Err(Mistake::repeated(parameter));
            }
            if !is_repeated {
                given.push(parameter);
            }
        }
        let unasked = &mut behaviour.unasked;
        if unasked.push > 0 && unasked.push_len == 0 {
            // A number may be longer than the usual message.
            unasked.push_len = PUSH_LEN.max(unasked.push.to_string().len());
        }
        combination::check(&given, &behaviour)?;
        Ok(behaviour)
    }
}

/// Writes one parameter of the query into a behaviour. Returns which one it is.
fn set(
    behaviour: &mut Behaviour,
    name: &str,
    value: &str,
    bounds: &Bounds,
) -> Result<&'static Parameter, Mistake> {
    let decode = |text| query::decoded(text).map_err(|error| Mistake::encoding(text, error));
    let name = decode(name)?;
    let parameter = match table::find(&name) {
        Some(parameter) => parameter,
        None if name.is_empty() && value.is_empty() => return Err(Mistake::empty()),
        None => return Err(Mistake::unknown(&name)),
    };
    let value = decode(value)?;
    // A parameter without a value must have none, and each other must have one.
    let set = if value.is_empty() == parameter.example.is_empty() {
        (parameter.set)(behaviour, &value, bounds)
    } else {
        Err(Wrong::Form)
    };
    set.map_err(|wrong| Mistake::value(parameter, &value, &wrong))?;
    Ok(parameter)
}

#[cfg(test)]
mod tests;
