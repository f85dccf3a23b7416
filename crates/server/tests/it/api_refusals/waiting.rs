//! What is refused because somebody waits too long: behind a door where nothing is carried out, as a clock that is handed in has
//! it.

use super::asking::{Ask, answer};
use super::ground::{Ground, Operation};
use crate::api::Answer;
use server::platform_http::developers::{Api, Egress, Limits, Parts, Place};
use server::platform_http::{self, Door};
use std::io::Write;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

/// A door behind which no thread is free and the acquirer's records are busy.
pub(super) struct HeldDoor {
    at: SocketAddr,
    /// How many requests came in.
    came: Arc<AtomicUsize>,
    release: Vec<mpsc::Sender<()>>,
    holder: Option<JoinHandle<()>>,
}

impl HeldDoor {
    pub(super) fn of(ground: &Ground) -> HeldDoor {
        let city = &ground.city.city;
        let parts = Parts {
            store: city.api.store().clone(),
            acquirer: city.acquirer.clone(),
            tokens: Arc::clone(&city.tokens),
            limits: Limits { per_second: 100_000, burst: 1_000_000 },
            webhooks: None,
            egress: Egress::this_machine(),
        };
        let api = Api::new(parts).unwrap();
        // Terminals that nobody ever comes to: payments are wanted at them.
        api.open_shop(Place {
            data: ground.city.data().join("held"),
            platform: ground.door,
            telephone: city.addresses.telephone,
            acquirer: city.addresses.acquirer,
            clock: ground.city.clock.clone(),
            terminals: None,
        });
        let came = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&came);
        let routes =
            platform_http::router(Door::new(Arc::clone(&city.tokens)), api).layer(axum::middleware::from_fn(
                move |request: axum::extract::Request, next: axum::middleware::Next| {
                    count.fetch_add(1, Ordering::SeqCst);
                    next.run(request)
                },
            ));
        let socket = TcpListener::bind("127.0.0.1:0").unwrap();
        socket.set_nonblocking(true).unwrap();
        let at = socket.local_addr().unwrap();
        let (free, held) = mpsc::channel::<()>();
        std::thread::spawn(move || {
            let mut runtime = tokio::runtime::Builder::new_current_thread();
            let runtime = runtime.enable_all().max_blocking_threads(1).build().unwrap();
            runtime.block_on(async {
                tokio::task::spawn_blocking(move || held.recv());
                let socket = tokio::net::TcpListener::from_std(socket).unwrap();
                axum::serve(socket, routes).await.unwrap();
            });
        });
        let (let_go, kept) = mpsc::channel::<()>();
        let (holding, busy) = mpsc::channel();
        let store = city.acquirer.store().clone();
        let holder = std::thread::spawn(move || {
            let look = store.read(move |_| {
                holding.send(()).unwrap();
                let _ = kept.recv();
            });
            look.unwrap();
        });
        busy.recv().unwrap();
        HeldDoor { at, came, release: vec![free, let_go], holder: Some(holder) }
    }

    /// What is answered to each request when the clock has moved far enough, so much at a time. All of them are in before it
    /// moves.
    fn waited(&self, ground: &Ground, asks: &[Ask], step: Duration) -> Vec<Answer> {
        let before = self.came.load(Ordering::SeqCst);
        let hear = |ask: &Ask| {
            let mut stream = TcpStream::connect(self.at).unwrap();
            stream.write_all(&ask.bytes()).unwrap();
            std::thread::spawn(move || answer(&mut stream))
        };
        let hearing: Vec<JoinHandle<Answer>> = asks.iter().map(hear).collect();
        crate::street::eventually("all came in", || self.came.load(Ordering::SeqCst) - before == asks.len());
        while hearing.iter().any(|one| !one.is_finished()) {
            ground.city.clock.advance(step);
            std::thread::park_timeout(Duration::from_millis(5));
        }
        hearing.into_iter().map(|one| one.join().unwrap()).collect()
    }
}

impl Drop for HeldDoor {
    fn drop(&mut self) {
        self.release.clear();
        if let Some(holder) = self.holder.take() {
            holder.join().unwrap();
        }
    }
}

/// What is answered where each of these operations is waited for too long, by this code.
pub(super) fn provoke(ground: &Ground, code: &str, operations: &[&Operation]) -> Vec<Answer> {
    let door = HeldDoor::of(ground);
    let ask = |operation: &&Operation| match code {
        "request_timeout" => ground.ask(operation).saying("{").announcing(1),
        _ => ground.ask(operation),
    };
    let asks: Vec<Ask> = operations.iter().map(ask).collect();
    let step = if code == "request_timeout" { 11 } else { 31 };
    door.waited(ground, &asks, Duration::from_secs(step))
}
