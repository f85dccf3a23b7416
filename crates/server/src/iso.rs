//! Host connections: frames over TCP, many per system call, answers matched to requests.
//!
//! Reading and writing have a thread each per connection, because terminals and banks keep few, long
//! connections and pipeline on them; a thread that blocks is then the cheapest scheduler there is.

mod dialect;
mod exchange;
mod line;
mod listener;
mod sender;

pub use dialect::{Dialect, Unreadable, is_network_management};
pub use exchange::{Answer, Exchange};
pub use line::{Ends, Line};
pub use listener::{Listener, Service};
pub use sender::{FrameSender, Reply, holding};
