//! [`S3`] as a tier.

use std::borrow::Cow;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use object_store::aws::AmazonS3;
use object_store::list::{PaginatedListOptions, PaginatedListStore as _};
use object_store::path::Path;
use object_store::{GetOptions, ObjectStore as _, PutOptions};

use super::config::{Inner, S3};
use super::fault::{Failure, TIER};
use crate::{Backend, Bytes, Error, Key, Operation, Scope, async_trait, io};

/// The largest object that one request can have written.
const LARGEST: u64 = 5 << 30;

/// How many objects are listed, and removed, at a time.
const PAGE: usize = 1000;

/// Sends all requests from the I/O thread, whose connections outlive the runtimes of callers; one that nobody waits for
/// any more is given up.
///
/// There is no other way for synchronous callers: they wait for that thread.
#[async_trait]
impl Backend for S3 {
    fn name(&self) -> &str {
        TIER
    }

    async fn get(&self, key: &Key) -> Result<Option<Bytes>, Error> {
        self.get_within(key, usize::try_from(LARGEST).unwrap_or(usize::MAX)).await
    }

    async fn get_within(&self, key: &Key, limit: usize) -> Result<Option<Bytes>, Error> {
        let path = self.path(key);
        let work = move |bucket: Arc<Inner>| async move { bucket.read(&path, limit as u64).await };
        self.ask(Operation::Get, work).await.map_err(|error| error.with_key(key))
    }

    /// Writes an entry; its life is in it, and the bucket knows nothing of that.
    async fn set(&self, key: &Key, entry: Bytes, _life: Option<Duration>) -> Result<(), Error> {
        let path = self.path(key);
        let work = move |bucket: Arc<Inner>| async move {
            bucket.store.put_opts(&path, entry.into(), PutOptions::default()).await?;
            Ok(())
        };
        self.ask(Operation::Set, work).await.map_err(|error| error.with_key(key))
    }

    async fn remove(&self, key: &Key) -> Result<(), Error> {
        let path = self.path(key);
        let work = move |bucket: Arc<Inner>| async move { remove(&bucket.single, vec![path]).await };
        self.ask(Operation::Remove, work).await.map_err(|error| error.with_key(key))
    }

    async fn clear(&self, scope: &Scope) -> Result<u64, Error> {
        let prefix = format!("{}{}", self.inner().prefix, scope.object_prefix());
        self.ask(Operation::Clear, move |bucket| async move { bucket.empty(&prefix).await }).await
    }

    /// Asks for an object that no function has: so it learns whether there is a bucket, whether the credentials are
    /// right, and whether they allow to read. Whether they allow to write is found by writing.
    async fn check(&self) -> Result<(), Error> {
        let path = self.path(&Key::new(&Scope::new("dcache", "check"), "check"));
        let work = move |bucket: Arc<Inner>| async move {
            bucket.is_known.store(false, Relaxed);
            bucket.read(&path, LARGEST).await
        };
        self.ask(Operation::Check, work).await.map(drop)
    }

    /// Returns 2 s, or what [`S3Builder::time_budget`](super::S3Builder::time_budget) says.
    fn time_budget(&self) -> Duration {
        self.inner().budget
    }

    fn waiting_for(&self) -> Cow<'_, str> {
        self.address().into()
    }
}

impl S3 {
    fn path(&self, key: &Key) -> Path {
        // both parts are paths as they stand: the prefix was read as one, and an object's name is made of plain names.
        // An empty path would be the bucket itself
        let name = format!("{}{}", self.inner().prefix, key.object_name());
        Path::parse(&name).unwrap_or_else(|_| Path::from(name))
    }

    /// Works with the bucket, on the I/O thread.
    async fn ask<T: Send + 'static, W: Future<Output = Result<T, Failure>> + Send + 'static>(
        &self,
        operation: Operation,
        work: impl FnOnce(Arc<Inner>) -> W + Send + 'static,
    ) -> Result<T, Error> {
        let bucket = self.inner().clone();
        let done = io::run(async move {
            // it is never closed
            let _one_of_many = bucket.under_way.acquire().await;
            // so it is known whose fault it is; they are kept, and asked for anew in time
            bucket.store.credentials().get_credential().await.map_err(Failure::Login)?;
            work(bucket.clone()).await
        });
        let done = done.await.unwrap_or_else(|error| Err(Failure::Thread(error)));
        done.map_err(|failure| failure.into_error(operation, self.address()))
    }
}

impl Inner {
    async fn read(&self, path: &Path, limit: u64) -> Result<Option<Bytes>, Failure> {
        let found = match self.store.get_opts(path, GetOptions::default()).await.map_err(Failure::from) {
            Ok(found) => found,
            Err(failure) if failure.refusal().is_some_and(|refusal| refusal.is_missing()) => {
                return self.exists().await.map(|()| None);
            }
            Err(failure) => return Err(failure),
        };
        let size = found.meta.size;
        if size > limit {
            return Err(Failure::TooLarge); // what was not read of it ends with its connection
        }
        let entry = found.bytes().await?;
        if entry.len() as u64 == size { Ok(Some(entry)) } else { Err(Failure::Length) }
    }

    /// Makes sure, once, that there is a bucket: of one that is not there some servers say that the object is missing.
    async fn exists(&self) -> Result<(), Failure> {
        if self.is_known.load(Relaxed) {
            return Ok(());
        }
        let options = PaginatedListOptions { max_keys: Some(1), ..Default::default() };
        match self.store.list_paginated(Some(&self.prefix), options).await.map_err(Failure::from) {
            Err(failure) if failure.refusal().is_some_and(|refusal| refusal.is_of_bucket()) => Err(failure),
            listed => {
                // who may not list it has been told of the object all the same, and asks again at the next one
                self.is_known.store(listed.is_ok(), Relaxed);
                Ok(())
            }
        }
    }

    /// Removes all objects below a prefix, a page at a time.
    async fn empty(&self, prefix: &str) -> Result<u64, Failure> {
        let (mut removed, mut page_token, mut by) = (0, None, &self.store);
        loop {
            let options = PaginatedListOptions { page_token, max_keys: Some(PAGE), ..Default::default() };
            let page = self.store.list_paginated(Some(prefix), options).await?;
            let names = page.result.objects.into_iter().map(|object| object.location);
            // no server's idea of a prefix shall remove what is not ours
            let names: Vec<Path> = names.filter(|name| name.as_ref().starts_with(prefix)).collect();
            let count = names.len() as u64;
            match remove(by, names.clone()).await {
                Err(failure) if failure.refusal().is_some_and(|refusal| refusal.is_unknown_request()) => {
                    by = &self.single; // it removes no more than one at a time
                    remove(by, names).await?;
                }
                done => done?,
            }
            removed += count;
            match page.page_token {
                Some(token) => page_token = Some(token),
                None => return Ok(removed),
            }
        }
    }
}

/// Removes objects; one that is not there counts as removed.
async fn remove(store: &AmazonS3, names: Vec<Path>) -> Result<(), Failure> {
    let mut removed = store.delete_stream(stream::iter(names.into_iter().map(Ok)).boxed());
    while let Some(done) = removed.next().await {
        match done.map_err(Failure::from) {
            Ok(_) => {}
            Err(failure) if failure.refusal().is_some_and(|refusal| refusal.is_missing()) => {}
            Err(failure) => return Err(failure),
        }
    }
    Ok(())
}
