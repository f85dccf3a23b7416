//! The way to another host, as use cases see it. The sockets are behind it, a floor above.

use iso8583::Message;
use std::time::Duration;

/// How a question to another host ended.
#[derive(Debug)]
pub enum HostAnswer {
    /// Its answer, authentic and decoded.
    Message(Box<Message>),
    /// Nothing came in time: what happened there is unknown.
    Silence,
    /// The question never left: nothing happened there.
    NotSent,
}

/// What is called with the answer, once, on some thread.
pub type Then = Box<dyn FnOnce(HostAnswer) + Send>;

/// A line to one host. Questions may overlap.
pub trait HostLine: Send + Sync {
    /// Sends `message`, adding what the line demands (its MAC), and calls `then` exactly once.
    fn ask(&self, message: Message, wait: Duration, then: Then);

    /// Asks and waits.
    fn ask_and_wait(&self, message: Message, wait: Duration) -> HostAnswer {
        let (tell, told) = std::sync::mpsc::sync_channel(1);
        self.ask(
            message,
            wait,
            Box::new(move |answer| {
                let _ = tell.send(answer);
            }),
        );
        told.recv().unwrap_or(HostAnswer::Silence)
    }
}
