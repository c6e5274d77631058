use dcache::dcache;

#[dcache]
fn f(n: u64) -> impl Future<Output = u64> {
    async move { n }
}

#[dcache]
fn g(n: u64) -> std::pin::Pin<Box<dyn Future<Output = u64> + Send>> {
    let future = async move { n };
    Box::pin(future)
}

fn main() {}
