use dcache::dcache;

#[dcache(err_ttl = "1s", jitter = 0.1, stale_if_error = "1h", detach)]
fn f(n: u64) -> u64 {
    n
}

fn main() {}
