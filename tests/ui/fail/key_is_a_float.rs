use dcache::dcache;

#[dcache(key = (n, user.ratio))]
fn f(n: u64, user: &User) -> u64 {
    n + user.ratio as u64
}

struct User {
    ratio: f64,
}

fn main() {}
