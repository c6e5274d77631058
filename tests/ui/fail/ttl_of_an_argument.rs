use dcache::dcache;

#[dcache(ttl = seconds)]
fn f(seconds: std::time::Duration) -> u64 {
    seconds.as_secs()
}

fn main() {}
