//! What a connection does when hosts and links fail.

use super::{check, saw, seen};
use crate::{Host, Simulation, Violation};
use klamm_types::FileSlice;
use klamm_world::{Connection, World};
use std::{
    future::poll_fn,
    io::{ErrorKind, IoSlice},
    path::Path,
    pin::Pin,
    time::Duration,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Two hosts and a connection between them: (one, its end, other, its end).
async fn pair(simulation: &Simulation) -> ((Host, World, Connection), (Host, World, Connection)) {
    let (one, other) = (simulation.host("one"), simulation.host("other"));
    let (here, there) = (one.boot(), other.boot());
    let mut listener = there.network.listen(([0, 0, 0, 0], 9092).into()).unwrap();
    let connected = here.network.connect("other", 9092).await.unwrap();
    let accepted = listener.accept().await.unwrap();
    assert_eq!(connected.peer, (other.address(), 9092).into());
    assert_eq!(accepted.peer.ip(), one.address());
    ((one, here, connected), (other, there, accepted))
}

async fn heard(world: &World, connection: &mut Connection, within: Duration) -> String {
    let mut byte = [0];
    let deadline = world.clock.now().mono.plus(within);
    match world.deadline(deadline, connection.stream.read(&mut byte)).await {
        Ok(Ok(0)) => "end".into(),
        Ok(Ok(_)) => "byte".into(),
        Ok(Err(error)) => format!("{:?}", error.kind()),
        Err(_) => "nothing".into(),
    }
}

async fn carries(simulation: Simulation) -> Result<(), Violation> {
    let ((_, here, mut a), (_, there, mut b)) = pair(&simulation).await;
    let mut sent = vec![0; 700_000];
    here.entropy.fill(&mut sent);
    let file = here.disk.create(Path::new("/data/file")).unwrap();
    file.write_at(&[IoSlice::new(&sent)], 0).unwrap();
    let expected = [&sent[..], &sent[1000..]].concat();
    let task = async move {
        a.sink.write_all(&sent).await.unwrap();
        let mut slice = FileSlice { file: file.handle(), position: 1000, length: sent.len() as u32 - 1000 };
        while slice.length > 0 {
            let count =
                poll_fn(|context| Pin::new(&mut *a.sink).poll_send_file(context, &slice)).await.unwrap();
            slice.position += count as u64;
            slice.length -= count as u32;
        }
        a.sink.shutdown().await.unwrap();
        here.sleep(Duration::from_secs(60)).await;
        drop(a);
    };
    simulation.spawn("sender", task);
    let mut received = Vec::new();
    b.stream.read_to_end(&mut received).await.unwrap();
    assert!(received == expected, "a stream carries every byte once, in order");
    assert!(there.clock.now().mono.0 > 0);
    Ok(())
}

#[test]
fn a_stream_carries_bytes_and_files_in_order() {
    check(8, carries);
}

async fn death(simulation: Simulation) -> Result<(), Violation> {
    let ((_, here, mut a), (other, _, b)) = pair(&simulation).await;
    let silent = simulation.random().once_in(2);
    let unread = simulation.random().once_in(2);
    if unread {
        a.sink.write_all(b"x").await.unwrap();
        simulation.sleep(Duration::from_secs(1)).await;
    }
    if silent {
        other.power_off()
    } else {
        other.kill()
    }
    let first = heard(&here, &mut a, Duration::from_secs(100)).await;
    let written = a.sink.write_all(b"y").await.is_ok();
    let _ = other.boot();
    simulation.sleep(Duration::from_secs(1)).await;
    let then = heard(&here, &mut a, Duration::from_secs(100)).await;
    saw(&simulation, (silent, unread, first, written, then));
    drop(b);
    Ok(())
}

#[test]
fn a_kill_is_heard_of_and_a_power_loss_is_not() {
    let expected = [
        (false, false, "end", true, "ConnectionReset"),
        (false, true, "ConnectionReset", false, "ConnectionReset"),
        (true, false, "nothing", true, "ConnectionReset"),
        (true, true, "nothing", true, "ConnectionReset"),
    ];
    assert_eq!(seen(20, death), expected.iter().map(|case| format!("{case:?}")).collect());
}

async fn partition(simulation: Simulation) -> Result<(), Violation> {
    let ((one, here, mut a), (other, there, mut b)) = pair(&simulation).await;
    simulation.cut(&one, &other);
    a.sink.write_all(b"x").await.unwrap();
    b.sink.write_all(b"y").await.unwrap();
    assert_eq!(heard(&here, &mut a, Duration::from_secs(10)).await, "byte", "one way only");
    assert_eq!(heard(&there, &mut b, Duration::from_secs(10)).await, "nothing");
    let deadline = here.clock.now().mono.plus(Duration::from_secs(10));
    assert!(here.deadline(deadline, here.network.connect("other", 9092)).await.is_err());
    simulation.heal();
    assert_eq!(heard(&there, &mut b, Duration::from_secs(10)).await, "byte", "late, but there");
    simulation.reset(&one, &other);
    assert_eq!(heard(&there, &mut b, Duration::from_secs(10)).await, "ConnectionReset");
    assert_eq!(a.sink.write_all(b"z").await.unwrap_err().kind(), ErrorKind::ConnectionReset);
    Ok(())
}

#[test]
fn a_cut_link_carries_nothing_until_it_heals() {
    check(8, partition);
}

async fn connects(simulation: Simulation) -> Result<(), Violation> {
    let (one, other) = (simulation.host("one"), simulation.host("other"));
    let (here, there) = (one.boot(), other.boot());
    let kind = async |host: &str| here.network.connect(host, 9092).await.err().map(|error| error.kind());
    assert_eq!(kind("nobody").await, Some(ErrorKind::NotFound));
    assert_eq!(kind("other").await, Some(ErrorKind::ConnectionRefused));
    let listener = there.network.listen(([0, 0, 0, 0], 9092).into()).unwrap();
    assert!(there.network.listen(([0, 0, 0, 0], 9092).into()).is_err(), "a port has one listener");
    let free = there.network.listen(([0, 0, 0, 0], 0).into()).unwrap();
    assert_ne!(free.local_address().unwrap().port(), 0);
    assert_eq!(kind("other").await, None);
    assert_eq!(kind(&other.address().to_string()).await, None);
    simulation.refuse(&other, 9092, true);
    assert_eq!(kind("other").await, Some(ErrorKind::ConnectionRefused));
    simulation.refuse(&other, 9092, false);
    assert_eq!(kind("other").await, None);
    drop(listener);
    assert_eq!(kind("other").await, Some(ErrorKind::ConnectionRefused));
    other.power_off();
    let before = simulation.elapsed();
    assert_eq!(kind("other").await, Some(ErrorKind::TimedOut));
    assert!(simulation.elapsed() - before > Duration::from_secs(120));
    Ok(())
}

#[test]
fn connects_are_answered_refused_or_not_heard() {
    check(3, connects);
}

async fn window(simulation: Simulation) -> Result<(), Violation> {
    let ((_, here, mut a), (_, _, mut b)) = pair(&simulation).await;
    let deadline = here.clock.now().mono.plus(Duration::from_secs(10));
    assert!(here.deadline(deadline, a.sink.write_all(&[0; 1 << 20])).await.is_err(), "nobody reads");
    drop(a);
    let mut all = Vec::new();
    b.stream.read_to_end(&mut all).await.unwrap();
    assert_eq!(all.len(), 256 << 10);
    Ok(())
}

#[test]
fn a_slow_reader_holds_its_sender() {
    check(3, window);
}
