//! The pipeline, its driver polled by hand.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::task::Wake;

use tokio::io::{AsyncRead, AsyncWriteExt as _, DuplexStream, duplex};

use super::*;

#[derive(Default)]
struct Woken(AtomicUsize);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Relaxed);
    }
}

/// A pipeline whose driver is polled by hand, and the server's end of it.
struct Bench {
    pipeline: Arc<Pipeline>,
    driver: Driver,
    server: DuplexStream,
    woken: Arc<Woken>,
    runtime: tokio::runtime::Runtime,
}

type Answer = oneshot::Receiver<RedisResult<Value>>;

impl Bench {
    fn new() -> Self {
        let (server, stream) = duplex(4 << 20);
        let (pipeline, driver) = Pipeline::new(Box::pin(stream));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        Self { pipeline, driver, server, woken: Arc::default(), runtime }
    }

    /// Polls the driver once, and returns whether it has ended, and how often it was woken since the last time.
    fn turn(&mut self) -> (bool, usize) {
        let waker = Waker::from(self.woken.clone());
        let _timers = self.runtime.enter();
        let poll = Pin::new(&mut self.driver).poll(&mut Context::from_waker(&waker));
        (poll.is_ready(), self.woken.0.swap(0, Relaxed))
    }

    fn ask(&self, command: &str) -> Option<RedisResult<Answer>> {
        match self.pipeline.poll_ask(command.as_bytes(), 100, &mut Context::from_waker(Waker::noop())) {
            Poll::Ready(answer) => Some(answer),
            Poll::Pending => None,
        }
    }

    fn asked(&self, command: &str) -> Answer {
        self.ask(command).unwrap().unwrap()
    }

    /// Returns what the server has been sent since the last time.
    fn sent(&mut self) -> String {
        let (mut bytes, mut room) = (Vec::new(), [0; 4096]);
        loop {
            let mut room = ReadBuf::new(&mut room);
            let server = Pin::new(&mut self.server);
            match server.poll_read(&mut Context::from_waker(Waker::noop()), &mut room) {
                Poll::Ready(Ok(())) if !room.filled().is_empty() => bytes.extend(room.filled()),
                _ => return String::from_utf8(bytes).unwrap(),
            }
        }
    }

    /// Lets the time go on until after the next alarm.
    fn pass(&self) {
        self.runtime.block_on(async { tokio::time::sleep(Duration::from_millis(5)).await });
    }

    /// Asserts that the connection ends when the alarm rings, as what it waits for should have come by now.
    fn assert_overdue(&mut self) {
        self.driver.alarm = None;
        assert!(!self.turn().0);
        self.pass();
        assert!(self.turn().0);
        assert!(self.driver.end.as_ref().unwrap().is_timeout());
    }

    fn says(&mut self, words: &str) {
        self.runtime.block_on(self.server.write_all(words.as_bytes())).unwrap();
        self.woken.0.store(0, Relaxed);
    }
}

fn number(answer: &mut Answer) -> Option<i64> {
    match answer.try_recv().ok()?.unwrap() {
        Value::Int(number) => Some(number),
        other => panic!("{other:?} is no number"),
    }
}

fn words(cause: &RedisError) -> String {
    format!("{} {}", cause.code().unwrap_or_default(), cause)
}

#[test]
fn a_command_that_is_alone_goes_out_at_once() {
    let mut bench = Bench::new();
    assert_eq!(bench.turn(), (false, 0));
    let mut answer = bench.asked("a");
    assert_eq!(bench.woken.0.swap(0, Relaxed), 1);
    assert_eq!((bench.turn(), bench.sent().as_str()), ((false, 0), "a"));
    bench.says(":7\r\n");
    assert!(!bench.turn().0);
    assert_eq!(number(&mut answer), Some(7));
}

#[test]
fn commands_of_all_that_are_ready_go_out_together() {
    let mut bench = Bench::new();
    assert_eq!(bench.turn(), (false, 0));
    let _first = bench.asked("a");
    let _second = bench.asked("b");
    assert_eq!(bench.woken.0.swap(0, Relaxed), 1, "the driver is called once");
    assert_eq!((bench.turn(), bench.sent().as_str()), ((false, 1), ""), "others have their turn");
    let _third = bench.asked("c");
    assert_eq!((bench.turn(), bench.sent().as_str()), ((false, 0), "abc"));
}

#[test]
fn many_answers_at_once_are_handed_out_in_turns() {
    let mut bench = Bench::new();
    let mut answers: Vec<_> = (0..40).map(|_| bench.asked("a")).collect();
    bench.turn();
    bench.turn();
    (0..40).for_each(|n| bench.says(&format!(":{n}\r\n")));
    let mut given = Vec::new();
    for (turn, woken) in [(16, 1), (32, 1), (40, 0)] {
        assert_eq!(bench.turn(), (false, woken));
        given.extend(answers[given.len()..].iter_mut().map_while(number));
        assert_eq!(given.len(), turn);
    }
    assert!(given.into_iter().eq(0..40));
}

#[test]
fn who_has_gone_away_leaves_the_others_their_answers() {
    let mut bench = Bench::new();
    drop(bench.asked("a"));
    let mut answer = bench.asked("b");
    bench.turn();
    bench.turn();
    bench.says(":1\r\n:2\r\n");
    bench.turn();
    assert_eq!(number(&mut answer), Some(2));
}

#[test]
fn some_answers_to_nothing_are_dropped_and_many_end_the_connection() {
    let mut bench = Bench::new();
    bench.says(&"$3\r\nabc\r\n".repeat(UNASKED));
    (0..10).for_each(|_| assert!(!bench.turn().0));
    let mut answer = bench.asked("a");
    bench.turn();
    bench.says(":1\r\n");
    bench.turn();
    assert_eq!(number(&mut answer), Some(1));
    bench.says(&":1\r\n".repeat(UNASKED));
    (0..10).for_each(|_| assert!(!bench.turn().0));
    bench.says(":1\r\n");
    assert!(bench.turn().0);
}

#[test]
fn the_last_words_of_a_server_are_the_reason() {
    let mut bench = Bench::new();
    bench.says("-ERR max number of clients reached\r\n");
    bench.turn();
    let mut answer = bench.asked("a");
    drop(bench.server);
    (bench.server, _) = duplex(1);
    assert!(bench.turn().0);
    drop(bench.driver);
    assert!(answer.try_recv().is_err());
    assert!(words(&bench.pipeline.state().end()).contains("max number of clients"));
}

#[test]
fn all_who_wait_learn_the_end() {
    let mut bench = Bench::new();
    let mut answers = [bench.asked("a"), bench.asked("b")];
    bench.turn();
    bench.turn();
    bench.says("$101\r\n");
    assert!(bench.turn().0);
    drop(bench.driver);
    assert!(answers.iter_mut().all(|answer| answer.try_recv() == Err(oneshot::error::TryRecvError::Closed)));
    let again = bench.pipeline.poll_ask(b"c", 0, &mut Context::from_waker(Waker::noop()));
    let Poll::Ready(Err(cause)) = again else { panic!("it goes on") };
    assert!(cause.is_io_error() && cause.to_string().contains("more than was asked for"));
}

#[test]
fn an_answer_that_is_overdue_ends_the_connection() {
    let mut bench = Bench::new();
    let _answer = bench.asked("a");
    assert!(!bench.turn().0);
    bench.driver.waiting[0].1 -= ANSWERING;
    bench.assert_overdue();
}

#[test]
fn callers_wait_while_there_is_too_much_to_be_sent() {
    let mut bench = Bench::new();
    let _large = bench.asked(&"l".repeat(OUTBOX));
    assert!(bench.ask("a").is_none());
    bench.turn();
    assert_eq!(bench.sent().len(), OUTBOX);
    assert!(bench.ask("a").is_some());
    assert!(bench.pipeline.state().crowd.is_empty());
}

#[test]
fn a_command_that_is_not_taken_ends_the_connection() {
    let mut bench = Bench::new();
    let _large = bench.asked(&"l".repeat(5 << 20));
    assert!(!bench.turn().0);
    bench.says("-ERR too large\r\n");
    assert!(!bench.turn().0);
    assert!(bench.driver.waiting.is_empty());
    bench.driver.taken -= ANSWERING;
    bench.assert_overdue();
}

#[test]
fn answers_that_have_come_are_not_overdue() {
    let mut bench = Bench::new();
    let answers: Vec<_> = (0..40).map(|_| bench.asked("a")).collect();
    bench.turn();
    bench.turn();
    bench.says(&":1\r\n".repeat(40));
    bench.driver.waiting.iter_mut().for_each(|(_, since)| *since -= ANSWERING);
    bench.driver.alarm = None;
    for _ in 0..3 {
        assert!(!bench.turn().0);
        bench.pass();
    }
    assert!(answers.into_iter().all(|mut answer| number(&mut answer) == Some(1)));
}

#[test]
fn what_a_large_command_took_is_given_back_when_it_is_sent() {
    let mut bench = Bench::new();
    let _large = bench.asked(&"l".repeat(3 << 20));
    assert!(!bench.turn().0);
    assert_eq!(bench.sent().len(), 3 << 20);
    assert!(bench.driver.outgoing.capacity() <= KEPT);
}

#[test]
fn who_waits_for_room_stands_there_once() {
    let bench = Bench::new();
    let _large = bench.asked(&"l".repeat(OUTBOX));
    let waker = Waker::from(bench.woken.clone());
    for _ in 0..10 {
        assert!(bench.pipeline.poll_ask(b"a", 100, &mut Context::from_waker(&waker)).is_pending());
    }
    assert_eq!(bench.pipeline.state().crowd.len(), 1);
}
