//! The messages of JSON-RPC 2.0: <https://www.jsonrpc.org/specification>.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::json::{compact, present, quoted};

/// Why a call failed: the error object.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Failure {
    /// Which kind of failure; below -32000 those of the protocol.
    pub code: i64,
    /// In words.
    pub message: String,
    /// Whatever else the server tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Box<RawValue>>,
}

impl Failure {
    /// What was sent is no JSON.
    pub const PARSE: i64 = -32700;
    /// It is no request.
    pub const INVALID: i64 = -32600;
    /// There is no such method.
    pub const NO_METHOD: i64 = -32601;
    /// The server could not do it.
    pub const INTERNAL: i64 = -32603;
    /// The first of the codes that servers may choose.
    pub const SERVER: i64 = -32000;

    /// A failure with a text as its data.
    #[must_use]
    pub fn new(code: i64, message: impl Into<String>, data: Option<&str>) -> Self {
        let data = data.and_then(|text| RawValue::from_string(quoted(text)).ok());
        Self { code, message: message.into(), data }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.message, self.code)?;
        self.data.as_ref().map_or(Ok(()), |data| write!(f, ": {}", compact(data)))
    }
}

/// What a client asks for.
#[derive(Debug)]
pub struct Call {
    /// The method.
    pub method: String,
    /// An array or object.
    pub params: Option<Box<RawValue>>,
    /// What the answer is known by; without one, none is wanted.
    pub id: Option<Box<RawValue>>,
}

/// What a server got.
#[derive(Debug)]
pub enum Incoming {
    /// One request.
    One(Result<Call, String>),
    /// Several that want one answer together. `Err` is the answer to what is no request.
    Batch(Vec<Result<Call, String>>),
}

/// The fields of a request or an answer.
#[derive(Deserialize)]
struct Fields<'a> {
    #[serde(borrow, default, deserialize_with = "present")]
    jsonrpc: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    method: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    params: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    id: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    result: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    error: Option<&'a RawValue>,
}

/// Reads what a server got; `Err` is the answer to what is no message.
pub fn read(message: &[u8]) -> Result<Incoming, String> {
    let parse = |error: serde_json::Error| {
        answer_failed("null", &Failure::new(Failure::PARSE, "Parse error", Some(&error.to_string())))
    };
    let value: &RawValue = serde_json::from_slice(message).map_err(parse)?;
    if !value.get().starts_with('[') {
        return Ok(Incoming::One(call(value)));
    }
    let values: Vec<&RawValue> = serde_json::from_str(value.get()).map_err(parse)?;
    if values.is_empty() {
        return Err(invalid("null", "an empty batch"));
    }
    Ok(Incoming::Batch(values.into_iter().map(call).collect()))
}

fn invalid(id: &str, why: &str) -> String {
    answer_failed(id, &Failure::new(Failure::INVALID, "Invalid Request", Some(why)))
}

fn call(value: &RawValue) -> Result<Call, String> {
    let fields: Fields<'_> = serde_json::from_str(value.get()).map_err(|_| invalid("null", "no object"))?;
    // Where it is one, the answer can have it.
    let is_id = |id: &&RawValue| !id.get().starts_with(['{', '[', 't', 'f']);
    let id = fields.id.filter(is_id);
    let shown = id.map_or("null", RawValue::get);
    if fields.id.is_some() && id.is_none() {
        return Err(invalid("null", "the id is no string or number"));
    }
    if fields.jsonrpc.map(RawValue::get) != Some("\"2.0\"") {
        return Err(invalid(shown, "jsonrpc is not \"2.0\""));
    }
    let method = fields.method.and_then(|method| serde_json::from_str(method.get()).ok());
    let method = method.ok_or_else(|| invalid(shown, "the method is no string"))?;
    if fields.params.is_some_and(|params| !params.get().starts_with(['{', '['])) {
        return Err(invalid(shown, "the params are no array or object"));
    }
    Ok(Call { method, params: fields.params.map(ToOwned::to_owned), id: id.map(ToOwned::to_owned) })
}

/// The message that calls a method; without an id nobody answers.
#[must_use]
pub fn request(method: &str, params: Option<&RawValue>, id: Option<u64>) -> String {
    let method = quoted(method);
    let params = params.map_or_else(String::new, |params| format!(",\"params\":{}", compact(params)));
    let id = id.map_or_else(String::new, |id| format!(",\"id\":{id}"));
    format!("{{\"jsonrpc\":\"2.0\",\"method\":{method}{params}{id}}}")
}

/// The message that answers a call; `id` is JSON.
#[must_use]
pub fn answer_result(id: &str, result: &RawValue) -> String {
    format!("{{\"jsonrpc\":\"2.0\",\"result\":{},\"id\":{id}}}", compact(result))
}

/// The message that says that a call failed; `id` is JSON.
#[must_use]
pub fn answer_failed(id: &str, failure: &Failure) -> String {
    let data = failure.data.as_ref().map_or_else(String::new, |data| format!(",\"data\":{}", compact(data)));
    let message = quoted(&failure.message);
    format!("{{\"jsonrpc\":\"2.0\",\"error\":{{\"code\":{},\"message\":{message}{data}}},\"id\":{id}}}", failure.code)
}

/// What a client got.
#[derive(Debug)]
pub enum Answer {
    /// The result of the call with this id.
    Result(u64, Box<RawValue>),
    /// The failure of the call with this id; without one, the server could not even read it.
    Failed(Option<u64>, Failure),
    /// The server calls us, and wants an answer to this id.
    Called(Box<RawValue>),
    /// The server tells us something, or answers somebody else.
    Other,
}

impl Answer {
    /// Reads it; the error says why it is none.
    pub fn read(message: &[u8]) -> Result<Self, String> {
        let fields: Fields<'_> = serde_json::from_slice(message).map_err(|error| error.to_string())?;
        let id = fields.id.and_then(|id| id.get().parse().ok());
        match (fields.method, fields.error, fields.result, fields.id) {
            (Some(_), _, _, Some(own)) => Ok(Self::Called(own.to_owned())),
            (Some(_), ..) => Ok(Self::Other),
            // Some servers have both, one of them null.
            (None, Some(error), ..) if error.get() != "null" => {
                let failure = serde_json::from_str(error.get()).map_err(|error| error.to_string())?;
                Ok(Self::Failed(id, failure))
            }
            (None, _, Some(result), Some(_)) => Ok(id.map_or(Self::Other, |id| Self::Result(id, result.to_owned()))),
            _ => Err("neither a result nor an error".into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_read_as_the_specification_says() {
        let one = |text: &str| match read(text.as_bytes()) {
            Ok(Incoming::One(Ok(Call { method, params, id }))) => {
                let text = |value: Option<Box<RawValue>>| value.map_or("-".into(), |value| value.get().to_owned());
                format!("{method} {} {}", text(params), text(id))
            }
            Ok(Incoming::One(Err(answer))) | Err(answer) => answer.split_once("\"data\"").expect("data").0.to_owned(),
            Ok(Incoming::Batch(calls)) => format!("{} calls", calls.len()),
        };
        let invalid = "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32600,\"message\":\"Invalid Request\",";
        let parse = "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32700,\"message\":\"Parse error\",";
        let table = [
            ("{\"jsonrpc\":\"2.0\",\"method\":\"a\",\"params\":[1, 2.50],\"id\":1}", "a [1, 2.50] 1"),
            ("{\"id\":\"x\",\"method\":\"a\\n\",\"jsonrpc\":\"2.0\",\"more\":0}", "a\n - \"x\""),
            ("{\"jsonrpc\":\"2.0\",\"method\":\"a\",\"params\":{}}", "a {} -"),
            ("{\"jsonrpc\":\"2.0\",\"method\":\"a\",\"id\":null}", "a - null"),
            ("{\"jsonrpc\":\"2.0\",\"method\":\"a\",\"id\":[]}", invalid),
            ("{\"jsonrpc\":\"2.0\",\"method\":1,\"params\":\"bar\"}", invalid),
            ("{\"jsonrpc\":\"2.0\",\"method\":\"a\",\"params\":1}", invalid),
            ("{\"jsonrpc\":\"1.0\",\"method\":\"a\",\"id\":1}", invalid),
            ("{\"method\":\"a\",\"id\":1}", invalid),
            ("1", invalid),
            ("[]", invalid),
            ("[1,{}]", "2 calls"),
            ("{\"jsonrpc\": \"2.0\", \"method\": \"foobar, \"params\": \"bar\", \"baz]", parse),
            ("[", parse),
            ("\u{7f}", parse),
        ];
        for (text, is) in table {
            assert_eq!(one(text), is, "{text}");
        }
    }

    #[test]
    fn answers_are_read() {
        let shown = |text: &str| match Answer::read(text.as_bytes()) {
            Ok(Answer::Result(id, value)) => format!("{id} {}", value.get()),
            Ok(Answer::Failed(id, failure)) => format!("{id:?} {failure}"),
            Ok(Answer::Called(id)) => format!("called {id}"),
            Ok(Answer::Other) => "other".into(),
            Err(_) => "wrong".into(),
        };
        let table = [
            (answer_result("7", serde_json::from_str("{ \"b\": 1.0 }").expect("JSON")), "7 {\"b\":1.0}"),
            (answer_failed("7", &Failure::new(-1, "no", Some("why"))), "Some(7) no (-1): \"why\""),
            (answer_failed("null", &Failure::new(-1, "no", None)), "None no (-1)"),
            ("{\"result\":null,\"id\":7}".into(), "7 null"),
            ("{\"result\":5,\"error\":null,\"id\":7}".into(), "7 5"),
            ("{\"result\":5,\"id\":\"x\"}".into(), "other"),
            (request("m", None, Some(3)), "called 3"),
            (request("m", None, None), "other"),
            ("{}".into(), "wrong"),
            ("5".into(), "wrong"),
            (String::new(), "wrong"),
        ];
        for (text, is) in table {
            assert_eq!(shown(&text), is, "{text}");
        }
    }
}
