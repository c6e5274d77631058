//! The whole chain: memory, then Redis, then S3, then the body.
//!
//! ```text
//! cargo run --example chain
//! ```
//!
//! It starts a redis-server and a server of S3 on loopback, and runs itself again with the variables that name them, once
//! for each step: what a process finds is what others have left. It fails where a step is not as it should be.

use std::env;
use std::error::Error;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use dcache::dcache;

/// What the application has, with nothing about servers in it: each tier joins where its variable is set.
#[dcache(backend = [memory(ttl = "1m"), redis(ttl = "1h"), s3], ttl = "30d", name = "shop.quote")]
fn quote(sku: &str, quantity: u32) -> Result<u64, String> {
    sleep(Duration::from_millis(300)); // slow work
    Ok(sku.len() as u64 * u64::from(quantity))
}

/// Makes two calls, and says who answered each; this is another process every time.
fn call() -> Result<(), Box<dyn Error>> {
    let mut answers = Vec::new();
    for _ in 0..2 {
        let before = quote::stats();
        let start = Instant::now();
        assert_eq!(quote("A7", 2)?, 4);
        let (took, after) = (start.elapsed(), quote::stats());
        let hit = after.tiers.iter().zip(&before.tiers).find(|(after, before)| after.hits > before.hits);
        let answered = hit.map_or("the body", |(tier, _)| &tier.name);
        println!("  quote(\"A7\", 2): {answered}, in {took:.1?}");
        answers.push(answered.to_owned());
    }
    println!("{}", answers.join(", "));
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    if env::args().nth(1).as_deref() == Some("call") {
        return call();
    }
    let redis = Redis::start()?;
    let mut bucket = dcache_bucket::Server::start();
    let variables = [
        ("DCACHE_REDIS_URL", format!("redis://127.0.0.1:{}", redis.port)),
        ("DCACHE_S3_URL", format!("s3://{}/cache", dcache_bucket::BUCKET)),
        ("AWS_ENDPOINT_URL", bucket.url()),
        ("AWS_ACCESS_KEY_ID", dcache_bucket::KEY.to_owned()),
        ("AWS_SECRET_ACCESS_KEY", dcache_bucket::SECRET.to_owned()),
    ];
    let step = |what: &str, expected: &str| -> Result<(), Box<dyn Error>> {
        println!("{what}");
        let process = Command::new(env::current_exe()?).arg("call").envs(variables.clone()).output()?;
        let said = String::from_utf8_lossy(&process.stdout).into_owned();
        let (lines, answers) = said.trim_end().rsplit_once('\n').unwrap_or_default();
        println!("{lines}");
        match process.status.success() && answers == expected {
            true => Ok(()),
            false => {
                Err(format!("expected {expected}: {said}{}", String::from_utf8_lossy(&process.stderr)).into())
            }
        }
    };
    step("nobody has an answer:", "the body, memory")?;
    step("another process:", "redis, memory")?;
    redis.flush()?;
    step("Redis has lost all:", "s3, memory")?;
    step("what S3 had is in Redis again:", "redis, memory")?;
    drop(redis);
    step("Redis is down:", "s3, memory")?;
    bucket.kill();
    step("S3 is down as well:", "the body, memory")
}

/// A redis-server that ends with this.
struct Redis {
    process: Child,
    port: u16,
}

impl Redis {
    fn start() -> Result<Self, Box<dyn Error>> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let process = Command::new("redis-server")
            .args(["--bind", "127.0.0.1", "--port", &port.to_string(), "--save", "", "--appendonly", "no"])
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|cause| format!("redis-server is needed: {cause}"))?;
        let mut redis = Self { process, port };
        let output = redis.process.stdout.take().ok_or("it has an output")?;
        let mut lines = BufReader::new(output).lines().map_while(Result::ok);
        match lines.any(|line| line.contains("eady to accept connections")) {
            true => Ok(redis),
            false => Err("redis-server did not start".into()),
        }
    }

    fn flush(&self) -> Result<(), Box<dyn Error>> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.write_all(b"FLUSHALL\r\n")?;
        let mut answer = [0; 5];
        stream.read_exact(&mut answer)?;
        if &answer == b"+OK\r\n" { Ok(()) } else { Err("Redis did not flush".into()) }
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
