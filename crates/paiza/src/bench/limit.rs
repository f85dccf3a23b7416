//! The limit of the machine in the same run: the same frames over two hops and back, echoed by hosts that
//! decide nothing, with and without an append and a sync at each hop.

use super::taps::Frames;
use super::{Place, configuration};
use crate::output::Failure;
use iso8583::framing::Frame;
use iso8583::{Deframer, Framing};
use std::fs::File;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Frames a second over client, first hop, second hop and back, `in_flight` under way.
///
/// With `durable`, each hop appends what one read brought to a file and syncs it before it passes it on: a group
/// commit, as all that waits comes with the next read.
pub(super) fn measure(
    frames: &Frames,
    in_flight: usize,
    time: Duration,
    durable: bool,
    place: &Place,
) -> Result<f64, Failure> {
    let failed = |e: std::io::Error| configuration("the echo", e);
    let log = |name: &str| durable.then(|| place.0.join(name));
    let (last_at, last) = bind().map_err(failed)?;
    let (first_at, first) = bind().map_err(failed)?;
    let second_log = log("echo-2.log");
    let first_log = log("echo-1.log");
    std::thread::scope(|scope| {
        scope.spawn(move || {
            let (stream, _) = last.accept()?;
            let back = stream.try_clone()?;
            pass(stream, back, second_log)
        });
        scope.spawn(move || {
            let (stream, _) = first.accept()?;
            let onward = TcpStream::connect(last_at)?;
            let (home, answers) = (stream.try_clone()?, onward.try_clone()?);
            std::thread::scope(|scope| {
                scope.spawn(move || pass(answers, home, None));
                pass(stream, onward, first_log)
            })
        });
        drive(first_at, frames, in_flight, time).map_err(failed)
    })
}

fn bind() -> std::io::Result<(SocketAddr, TcpListener)> {
    let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok((socket.local_addr()?, socket))
}

/// Passes bytes on until their source ends; then ends the sink.
fn pass(mut from: TcpStream, mut to: TcpStream, log: Option<PathBuf>) -> std::io::Result<()> {
    to.set_nodelay(true)?;
    let mut log = log.map(File::create).transpose()?;
    let mut chunk = vec![0; 256 * 1024];
    loop {
        let length = from.read(&mut chunk)?;
        if length == 0 {
            return to.shutdown(std::net::Shutdown::Write);
        }
        if let Some(log) = &mut log {
            log.write_all(&chunk[..length])?;
            log.sync_data()?;
        }
        to.write_all(&chunk[..length])?;
    }
}

fn drive(to: SocketAddr, frames: &Frames, in_flight: usize, time: Duration) -> std::io::Result<f64> {
    let mut stream = TcpStream::connect(to)?;
    stream.set_nodelay(true)?;
    let mut deframer = Deframer::new(Framing::binary2());
    let mut chunk = vec![0; 256 * 1024];
    let in_flight = in_flight.min(frames.count());
    let (mut sent, mut back) = (in_flight, 0);
    let start = Instant::now();
    stream.write_all(frames.piece(0..in_flight))?;
    while back < sent {
        let length = stream.read(&mut chunk)?;
        if length == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        deframer.push(&chunk[..length]);
        while let Ok(Some(Frame::Message { .. })) = deframer.pull() {
            back += 1;
        }
        // The same frames again and again: an echo does not mind.
        while start.elapsed() < time && sent < back + in_flight {
            let from = sent % frames.count();
            let upto = (from + back + in_flight - sent).min(frames.count());
            stream.write_all(frames.piece(from..upto))?;
            sent += upto - from;
        }
    }
    Ok(back as f64 / start.elapsed().as_secs_f64())
}

/// Pairs of signed POSTs a second from so many phones at once: what adding a card cannot do without.
///
/// Each phone keeps one connection and signs every request (P-256); the host verifies, appends the request to
/// one log, syncs it and answers. No framework, no records, no issuer, no encryption.
pub(super) fn posts(phones: usize, time: Duration, place: &Place) -> Result<f64, Failure> {
    let failed = |e: std::io::Error| configuration("the echo", e);
    let (at, socket) = bind().map_err(failed)?;
    let log = std::sync::Mutex::new(File::create(place.0.join("posts.log")).map_err(failed)?);
    let start = Instant::now();
    let sent = std::thread::scope(|scope| {
        let hosts: Vec<_> = (0..phones)
            .map(|_| {
                let phone = scope.spawn(move || post_until(at, start, time));
                let stream = socket.accept().map(|(stream, _)| stream);
                (phone, scope.spawn(|| answer_posts(stream?, &log)))
            })
            .collect();
        hosts.into_iter().try_fold(0, |sum, (phone, host)| {
            let sent = phone.join().expect("posting does not panic")?;
            host.join().expect("answering does not panic")?;
            Ok(sum + sent)
        })
    });
    Ok(sent.map_err(failed)? as f64 / 2.0 / start.elapsed().as_secs_f64())
}

/// The size of a body with sealed card data.
const BODY: usize = 700;
/// Head of a request: method and headers, filled up to a fixed length, then the signature.
const HEAD: usize = 300;
const SIGNATURE: usize = 64;

fn post_until(to: SocketAddr, start: Instant, time: Duration) -> std::io::Result<u64> {
    let key = crypto::p256::SigningKey::generate();
    let mut stream = TcpStream::connect(to)?;
    stream.set_nodelay(true)?;
    stream.write_all(&key.public().to_sec1())?;
    let mut request = vec![b'.'; HEAD + BODY];
    let (mut answer, mut sent) = ([0; 64], 0u64);
    while start.elapsed() < time {
        request[..8].copy_from_slice(&sent.to_be_bytes());
        let signature = key.sign(&request);
        stream.write_all(&[&request[..], &signature[..]].concat())?;
        stream.read_exact(&mut answer)?;
        sent += 1;
    }
    Ok(sent)
}

fn answer_posts(mut stream: TcpStream, log: &std::sync::Mutex<File>) -> std::io::Result<()> {
    let wrong = |what: &'static str| std::io::Error::other(what);
    let mut key = [0; 65];
    stream.set_nodelay(true)?;
    stream.read_exact(&mut key)?;
    let key = crypto::p256::VerifyingKey::from_sec1(&key).map_err(|_| wrong("not a key"))?;
    let mut request = vec![0; HEAD + BODY + SIGNATURE];
    loop {
        match stream.read_exact(&mut request) {
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => return Ok(()),
            read => read?,
        }
        let (said, signature) = request.split_at(HEAD + BODY);
        key.verify(said, signature).map_err(|_| wrong("a signature that is wrong"))?;
        let mut log = log.lock().map_err(|_| wrong("the log"))?;
        log.write_all(said)?;
        log.sync_data()?;
        drop(log);
        stream.write_all(&[b'.'; 64])?;
    }
}
