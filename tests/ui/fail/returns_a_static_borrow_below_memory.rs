use dcache::dcache;

#[dcache(backend = [memory, fs])]
fn f(n: u64) -> &'static [u64] {
    let _ = n;
    &[1]
}

fn main() {}
