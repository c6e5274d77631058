use dcache::dcache;

#[dcache(backend = [memory, redis("rediss://cache.example")], codec = raw)]
fn f(n: u64) -> String {
    n.to_string()
}

fn main() {}
