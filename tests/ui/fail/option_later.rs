use dcache::dcache;

#[dcache(
    err_ttl = "1s",
    jitter = 0.1,
    stale_while_revalidate = "1h",
    stale_if_error = "1h",
    retry_after = "1s",
    soft_timeout = "50ms",
    refresh_ahead = 0.1,
    detach,
    seal = KEY,
)]
fn f(n: u64) -> u64 {
    n
}

fn main() {}
