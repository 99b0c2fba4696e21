//! The messages of Varlink: <https://varlink.org/Method-Call>.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::json::{compact, present, quoted};

/// How a method is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// One reply.
    Once,
    /// Replies until one says that none follows.
    More,
    /// No reply.
    OneWay,
}

/// The message that calls a method.
#[must_use]
pub fn request(method: &str, parameters: Option<&RawValue>, manner: Manner) -> String {
    let method = quoted(method);
    let parameters = parameters.map_or_else(String::new, |value| format!(",\"parameters\":{}", compact(value)));
    let manner = match manner {
        Manner::Once => "",
        Manner::More => ",\"more\":true",
        Manner::OneWay => ",\"oneway\":true",
    };
    format!("{{\"method\":{method}{parameters}{manner}}}")
}

/// What a client got.
#[derive(Debug)]
pub struct Reply {
    /// What comes of the call, or tells more about its error.
    pub parameters: Option<Box<RawValue>>,
    /// The name of an error.
    pub error: Option<String>,
    /// Whether others follow.
    pub continues: bool,
}

#[derive(Deserialize)]
struct Fields<'a> {
    #[serde(borrow, default, deserialize_with = "present")]
    parameters: Option<&'a RawValue>,
    #[serde(default)]
    error: Option<String>,
    #[serde(default)]
    continues: bool,
}

impl Reply {
    /// Reads it; the error says why it is none.
    pub fn read(message: &[u8]) -> Result<Self, String> {
        let fields: Fields<'_> = serde_json::from_slice(message).map_err(|error| error.to_string())?;
        let Fields { parameters, error, continues } = fields;
        let parameters = parameters.filter(|value| value.get() != "null").map(ToOwned::to_owned);
        Ok(Self { parameters, error, continues })
    }
}
