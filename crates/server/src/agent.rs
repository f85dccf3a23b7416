//! How parties ask one another over HTTP: connections are kept for the next request, and an address in digits is looked up
//! nowhere.

use std::net::SocketAddr;
use std::time::Duration;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};

/// Connections that are kept to one party, and to all: no fewer than ask at once, or each opens its own.
const KEPT_EACH: usize = 64;
const KEPT: usize = 512;

/// An agent that waits so long for an answer, follows nobody elsewhere and hands every status back.
pub(crate) fn agent(patience: Duration) -> ureq::Agent {
    built(patience, false)
}

/// The same, for those who want nothing but success: every other status is an error.
pub(crate) fn strict_agent(patience: Duration) -> ureq::Agent {
    built(patience, true)
}

fn built(patience: Duration, strict: bool) -> ureq::Agent {
    let config = ureq::Agent::config_builder()
        .http_status_as_error(strict)
        .max_redirects(0)
        .max_idle_connections_per_host(KEPT_EACH)
        .max_idle_connections(KEPT)
        .timeout_global(Some(patience));
    ureq::Agent::with_parts(
        config.build(),
        DefaultConnector::default(),
        Addresses(DefaultResolver::default()),
    )
}

/// Parties mostly name each other by address. The library starts a thread for every look-up that may not take for ever, also
/// for one with nothing to look up: that cost as much as the rest of a request.
#[derive(Debug)]
struct Addresses(DefaultResolver);

impl Resolver for Addresses {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let address = uri.authority().and_then(|authority| authority.as_str().parse::<SocketAddr>().ok());
        let Some(address) = address else { return self.0.resolve(uri, config, timeout) };
        let mut resolved = self.empty();
        resolved.push(address);
        Ok(resolved)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::Router;
    use axum::routing::get;

    #[test]
    fn addresses_and_names_are_both_found() {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let socket = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let port = socket.local_addr().unwrap().port();
        let router = Router::new().route("/", get(async || "here"));
        runtime.spawn(async move { axum::serve(socket, router).await });
        for host in ["127.0.0.1", "localhost"] {
            let answer = agent(Duration::from_secs(5)).get(format!("http://{host}:{port}/")).call();
            assert_eq!(answer.unwrap().body_mut().read_to_string().unwrap(), "here", "{host}");
        }
        let nowhere = agent(Duration::from_secs(5)).get("http://nobody.invalid/").call();
        assert!(nowhere.is_err(), "{nowhere:?}");
    }
}
