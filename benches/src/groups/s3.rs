//! Hits in a bucket of S3, and writes into it.

use std::io;
use std::sync::Arc;

use bincode::config::standard;
use dcache::{Cache, S3};
use dcache_bucket::{BUCKET, KEY, SECRET, Server};
use object_store::ObjectStoreExt;
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::path::Path;

use crate::callers::{self, MANY};
use crate::contender::Contender;
use crate::group::Group;
use crate::groups::{TTL, size};
use crate::runtime::RUNTIME;

/// A bucket, and who asks for objects in it.
struct Bucket {
    bytes: u64,
    cache: Cache<u64, String>,
    bare: Arc<AmazonS3>,
    /// Ends with the last contender.
    _server: Server,
}

impl Bucket {
    fn new(bytes: u64) -> io::Result<Self> {
        let _ = rustls::crypto::ring::default_provider().install_default(); // an `Err` says that there is one already
        let server = Server::start();
        let tier = S3::builder(&server.place()).credentials(KEY, SECRET).connect();
        let cache = Cache::builder(format!("s3 {bytes}"))
            .no_memory()
            .tier(tier.map_err(io::Error::other)?)
            .ttl(TTL)
            .build()
            .map_err(io::Error::other)?;
        let bare = AmazonS3Builder::new()
            .with_endpoint(server.url())
            .with_allow_http(true)
            .with_bucket_name(BUCKET)
            .with_access_key_id(KEY)
            .with_secret_access_key(SECRET)
            .build()?;
        let bucket = Self { bytes, cache, bare: Arc::new(bare), _server: server };
        for number in 0..MANY {
            bucket.put_blocking(number);
            RUNTIME.block_on(bucket.put_bare(number));
        }
        Ok(bucket)
    }

    fn value(&self) -> String {
        "v".repeat(self.bytes as usize)
    }

    fn get_blocking(&self, number: u64) -> String {
        self.cache.blocking().get_or_insert_with(&(number % MANY), || unreachable!("it is there"))
    }

    async fn get(&self, number: u64) -> String {
        self.cache.get_or_insert_with(&(number % MANY), async || unreachable!("it is there")).await
    }

    async fn get_bare(&self, number: u64) -> String {
        let object = self.bare.get(&path(number)).await.expect("the server answers");
        let entry = object.bytes().await.expect("the server answers");
        bincode::serde::decode_from_slice(&entry, standard()).expect("it was encoded").0
    }

    fn put_blocking(&self, number: u64) {
        self.cache.blocking().put(&(number % MANY), self.value()).expect("the server answers");
    }

    async fn put(&self, number: u64) {
        self.cache.put(&(number % MANY), self.value()).await.expect("the server answers");
    }

    async fn put_bare(&self, number: u64) {
        let entry = bincode::serde::encode_to_vec(self.value(), standard()).expect("a string");
        self.bare.put(&path(number), entry.into()).await.expect("the server answers");
    }
}

fn path(number: u64) -> Path {
    format!("bare/{}", number % MANY).into()
}

const ABOUT: &str = "64 objects of a bucket in turn, each a string in bincode. The server is s3s with its files, in this \
                     process and on loopback; it takes most of the time. The bare client is `object_store` with its \
                     default of reqwest, in a task of the caller's runtime.";

/// Reads.
pub fn hit(bytes: u64) -> io::Result<Group> {
    let bucket = Arc::new(Bucket::new(bytes)?);
    let (one, other, blocking) = (bucket.clone(), bucket.clone(), bucket);
    Ok(Group::new(format!("Hit in S3, {}", size(bytes)), ABOUT).rounds(31, 40).contenders([
        Contender::timed("object_store get", move |calls| {
            let bucket = one.clone();
            callers::one_task(calls, move |n| {
                let bucket = bucket.clone();
                async move { bucket.get_bare(n).await }
            })
        }),
        Contender::timed("dcache, async", move |calls| {
            let bucket = other.clone();
            callers::one_task(calls, move |n| {
                let bucket = bucket.clone();
                async move { bucket.get(n).await }
            })
        }),
        Contender::timed("dcache", move |calls| callers::one(calls, |n| blocking.get_blocking(n))),
    ]))
}

/// Writes.
pub fn write(bytes: u64) -> io::Result<Group> {
    let bucket = Arc::new(Bucket::new(bytes)?);
    let (one, other, blocking) = (bucket.clone(), bucket.clone(), bucket);
    Ok(Group::new(format!("Write into S3, {}", size(bytes)), ABOUT).rounds(31, 40).contenders([
        Contender::timed("object_store put", move |calls| {
            let bucket = one.clone();
            callers::one_task(calls, move |n| {
                let bucket = bucket.clone();
                async move { bucket.put_bare(n).await }
            })
        }),
        Contender::timed("dcache, async", move |calls| {
            let bucket = other.clone();
            callers::one_task(calls, move |n| {
                let bucket = bucket.clone();
                async move { bucket.put(n).await }
            })
        }),
        Contender::timed("dcache", move |calls| callers::one(calls, |n| blocking.put_blocking(n))),
    ]))
}
