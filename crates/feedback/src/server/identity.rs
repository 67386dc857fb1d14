//! Who asks: by a token on the network, by a name on this machine.

use axum::http::{HeaderMap, HeaderValue, header};

use super::tokens::checked_name;
use super::{Access, Desk};

/// The cookie that holds the token, or the name.
const COOKIE: &str = "rewardlab-label";

/// How long a browser remembers who it is for, seconds.
const REMEMBERED: u32 = 90 * 24 * 3600;

impl Desk {
    /// The annotator whose request it is; none where that is not known.
    pub(super) fn annotator(&self, headers: &HeaderMap) -> Option<String> {
        match &self.access {
            Access::Names => checked_name(&name_of(cookie(headers)?)?).ok(),
            Access::Tokens(tokens) => {
                let token = bearer(headers).or_else(|| cookie(headers))?;
                tokens.owner(token).map(str::to_owned)
            }
        }
    }

    /// Makes the browser remember a token that is somebody's, or a name.
    pub(super) fn remember(&self, secret: &str) -> HeaderValue {
        let value = match &self.access {
            Access::Names => secret.bytes().map(|byte| format!("{byte:02x}")).collect(),
            Access::Tokens(_) => secret.trim().to_ascii_lowercase(),
        };
        self.cookie(&value, REMEMBERED)
    }

    /// Makes the browser forget.
    pub(super) fn forget(&self) -> HeaderValue {
        self.cookie("", 0)
    }

    /// A cookie that no script reads and no other site sends.
    fn cookie(&self, value: &str, seconds: u32) -> HeaderValue {
        let secure = if self.is_behind_tls { "; Secure" } else { "" };
        let text = format!(
            "{COOKIE}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}"
        );
        HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static(""))
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token)
}

fn cookie(headers: &HeaderMap) -> Option<&str> {
    let values = headers.get_all(header::COOKIE).iter();
    let mut pairs = values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'));
    pairs.find_map(|pair| pair.trim().strip_prefix(COOKIE)?.strip_prefix('='))
}

/// A name from its bytes in hexadecimal digits: cookies hold few characters.
fn name_of(digits: &str) -> Option<String> {
    let pairs = digits.as_bytes().chunks_exact(2);
    if !pairs.remainder().is_empty() {
        return None;
    }
    let byte = |pair: &[u8]| {
        let text = std::str::from_utf8(pair).ok()?;
        u8::from_str_radix(text, 16).ok()
    };
    let bytes: Option<Vec<u8>> = pairs.map(byte).collect();
    String::from_utf8(bytes?).ok()
}
