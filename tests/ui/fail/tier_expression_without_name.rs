use dcache::dcache;

const URL: &str = "redis://localhost";

#[dcache(backend = [memory, redis(URL)])]
fn f(n: u64) -> u64 {
    n
}

fn main() {}
