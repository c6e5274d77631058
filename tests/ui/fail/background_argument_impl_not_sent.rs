use dcache::dcache;

#[dcache(detach, skip(then))]
async fn f(then: impl Fn(u64) -> u64 + 'static, n: u64) -> u64 {
    then(n)
}

fn main() {}
