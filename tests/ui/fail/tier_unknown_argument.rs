use dcache::dcache;

#[dcache(backend = [memory(capcity = 10), redis(path = "x"), fs("x", url = "y")])]
fn f(n: u64) -> u64 {
    n
}

fn main() {}
