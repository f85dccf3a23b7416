//! Pages that change while they are looked at: a stream of events (HTML, 9.2, server-sent events) beside the page.
//!
//! A door that closes waits for the requests it has taken, and a stream is one that never ends by itself. So every
//! stream hears of the closing and ends with it; the browser asks again, and finds whoever listens then.

use axum::http::{HeaderValue, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use std::convert::Infallible;
use std::future::Future;
use tokio::sync::watch;

/// Hears when the door closes. Every router that is served gets one as an `Extension`.
#[derive(Clone, Debug)]
pub struct Closing(watch::Receiver<bool>);

/// Tells everybody who listens at a door that it closes, now or when it is dropped.
#[derive(Debug)]
pub struct Close(watch::Sender<bool>);

impl Closing {
    /// A door that is open, and who closes it.
    pub fn open() -> (Close, Closing) {
        let (tell, hear) = watch::channel(false);
        (Close(tell), Closing(hear))
    }

    /// Returns when the door closes.
    pub async fn wait(&mut self) {
        // Whoever could have told it is gone: that is the closing too.
        let _ = self.0.wait_for(|closing| *closing).await;
    }
}

impl Close {
    /// Closes it.
    pub fn now(&self) {
        self.0.send_replace(true);
    }
}

/// Where events come from.
pub trait Source: Send + 'static {
    /// Waits for the next one; nothing ends the stream.
    fn next(&mut self) -> impl Future<Output = Option<Event>> + Send;
}

/// A stream of events as an answer.
pub fn stream(source: impl Source, closing: Closing) -> Response {
    let step = |(mut source, mut closing): (_, Closing)| async move {
        let event = next_before_closing(&mut source, &mut closing).await?;
        Some((Ok::<_, Infallible>(event), (source, closing)))
    };
    let events = futures_util::stream::unfold((source, closing), step);
    let mut answer = Sse::new(events).keep_alive(KeepAlive::default()).into_response();
    let headers = answer.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    answer
}

async fn next_before_closing(source: &mut impl Source, closing: &mut Closing) -> Option<Event> {
    tokio::select! {
        event = source.next() => event,
        () = closing.wait() => None,
    }
}
