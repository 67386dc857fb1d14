//! What is answered to a request that is not fulfilled.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::Error;

/// Why a request is not fulfilled: the status, and a sentence that the page shows.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    pub(super) message: String,
    /// Seconds after which the same may be asked again.
    pub(super) retry_after: Option<u64>,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, message: impl Into<String>) -> Refusal {
        Refusal {
            status,
            message: message.into(),
            retry_after: None,
        }
    }

    pub(super) fn later(status: StatusCode, message: impl Into<String>, seconds: u64) -> Refusal {
        Refusal {
            retry_after: Some(seconds),
            ..Refusal::new(status, message)
        }
    }

    /// What the store says, as far as it concerns an annotator; the rest is for whoever runs the server.
    pub(super) fn of_store(error: &Error, report: &dyn Fn(&Error)) -> Refusal {
        match error {
            Error::LeaseLost { .. } => Refusal::new(
                StatusCode::CONFLICT,
                "this comparison went to somebody else in the meantime; here is the next one",
            ),
            Error::Refused { .. } => {
                Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, error.to_string())
            }
            Error::Database {
                is_transient: true, ..
            } => {
                report(error);
                Refusal::later(StatusCode::SERVICE_UNAVAILABLE, "the store is busy", 1)
            }
            _ => {
                report(error);
                Refusal::new(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "the store could not be read or written; whoever runs the server sees why",
                )
            }
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(json!({ "error": self.message }))).into_response();
        if let Some(seconds) = self.retry_after {
            let headers = response.headers_mut();
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
