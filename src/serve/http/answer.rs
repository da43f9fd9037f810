//! What handlers give back: pages and files.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;

use super::params::encoded;
use super::refusal::Refusal;

/// What a handler gives back.
pub type Answer = Result<Response, Refusal>;

/// A page.
pub fn page(status: StatusCode, html: String) -> Response {
    with_type(status, "text/html; charset=utf-8", html.into())
}

/// A file to be kept under this name.
pub fn file(name: &str, kind: &'static str, bytes: Vec<u8>) -> Response {
    let mut response = with_type(StatusCode::OK, kind, bytes.into());
    // names of ours have letters, digits, points and hyphens; the second form is for what else a company calls its reports
    let plain: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() || "-._".contains(c) { c } else { '_' }).collect();
    let value = format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{}", encoded(name));
    if let Ok(value) = HeaderValue::from_str(&value) {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, value);
    }
    response
}

/// To another page.
pub fn see_other(place: &str) -> Response {
    let mut response = with_type(StatusCode::SEE_OTHER, "text/plain; charset=utf-8", Body::empty());
    response
        .headers_mut()
        .insert(header::LOCATION, HeaderValue::from_str(place).unwrap_or(HeaderValue::from_static("/")));
    response
}

/// With this type.
pub fn with_type(status: StatusCode, kind: &'static str, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}
